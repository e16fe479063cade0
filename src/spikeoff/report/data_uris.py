"""Small pictures that stand in the page itself, as PNG in data URIs."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]
Colour = tuple[int, int, int]

TRANSPARENT = 0
"""The palette entry that shows what is behind."""


def image_uri(pixels: Bytes) -> str:
    """An image [height, width(, channels)]: grey ones dark on light, as MNIST means them."""
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        return _uri(Image.fromarray(np.ascontiguousarray(pixels[:, :, :3])))
    grey = pixels if pixels.ndim == 2 else pixels[:, :, 0]
    return _uri(Image.fromarray(255 - grey))


def palette_uri(entries: Bytes, colours: list[Colour]) -> str:
    """A picture [height, width] of palette entries; entry 0 is transparent, 1 is ``colours[0]``."""
    image = Image.fromarray(entries, mode="P")
    image.putpalette([value for colour in [(0, 0, 0), *colours] for value in colour])
    return _uri(image, transparency=TRANSPARENT, bits=max(1, len(colours).bit_length()))


def heat_uri(values: NDArray[np.float64], shades: int = 31) -> str:
    """Values in [0, 1] as colours from dark to bright; NaN is transparent."""
    from matplotlib import colormaps  # noqa: PLC0415 (pages without heat do without)

    colours = colormaps["magma"](np.linspace(0, 1, shades), bytes=True)[:, :3]
    entries = 1 + np.rint(np.clip(np.nan_to_num(values), 0, 1) * (shades - 1)).astype(np.uint8)
    entries[np.isnan(values)] = TRANSPARENT
    return palette_uri(entries, [(int(r), int(g), int(b)) for r, g, b in colours])


def _uri(image: Image.Image, **how: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True, **how)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
