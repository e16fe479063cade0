"""One picture file: PNG, JPEG, BMP and the like, decoded by Pillow."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spikeoff.errors import UserError, one_line
from spikeoff.files import read_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

    from spikeoff.data.pixels import Bytes

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
"""Endings of names, in lower case."""

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""Pillow's readers that are used; those of other formats are never started."""

MAX_PICTURE = 120_000_000
"""Largest number of pixels: above those of every common camera."""


def is_picture(path: Path) -> bool:
    """Whether a file has the name of a picture."""
    return path.suffix.lower() in PICTURES and not path.name.startswith(".")


def read_picture(path: Path) -> Bytes:
    """The picture in a file: [height, width] if it is grey, else [height, width, 3].

    Raises:
        UserError: the file is missing, too large or damaged, or holds another format.
    """
    return decode(read_bytes(path), str(path))


def decode(raw: bytes, where: str) -> Bytes:
    """The picture in the bytes of a file, upright; what is transparent shows white.

    Raises:
        UserError: they are damaged, too large, or of another format.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 (only pictures need it)

    try:
        with (
            warnings.catch_warnings(action="ignore"),  # of odd tags beside the picture
            Image.open(io.BytesIO(raw), formats=FORMATS) as opened,
        ):
            if opened.width * opened.height > MAX_PICTURE:
                raise UserError(
                    f"{where}: {opened.width} x {opened.height} pixels; reduce the picture to at "
                    f"most {MAX_PICTURE // 10**6} million"
                )
            return _numbers(ImageOps.exif_transpose(opened))
    except UserError:
        raise
    except Exception as error:  # Pillow's readers each raise their own
        raise UserError(
            f"{where}: not a readable picture ({one_line(error)}); PNG, JPEG, BMP, GIF, TIFF, WebP "
            "and PNM are read"
        ) from error


def _numbers(picture: Image) -> Bytes:
    from PIL import Image  # noqa: PLC0415

    if picture.mode.startswith("I;16") or picture.mode == "I":
        wide = np.asarray(picture).astype(np.float64)
        return np.rint(np.clip(wide, 0, 65535) / 257).astype(np.uint8)
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    if picture.mode in ("1", "L"):
        return np.array(picture.convert("L"))
    return np.array(picture.convert("RGB"))


def stacked(pictures: list[Bytes], names: list[str]) -> Bytes:
    """Pictures of one size as one array; grey if all are, and if red, green and blue are equal.

    Raises:
        UserError: two have different sizes; the message names them.
    """
    first = pictures[0].shape[:2]
    for picture, name in zip(pictures, names, strict=True):
        if picture.shape[:2] != first:
            sizes = [f"{shape[1]} x {shape[0]}" for shape in (first, picture.shape[:2])]
            raise UserError(
                f"{name}: {sizes[1]} pixels, but {names[0]} has {sizes[0]}; bring all pictures to "
                "one size"
            )
    if any(picture.ndim == 3 and (picture != picture[..., :1]).any() for picture in pictures):
        return np.stack([
            picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
            for picture in pictures
        ])  # fmt: skip
    return np.stack([picture[..., 0] if picture.ndim == 3 else picture for picture in pictures])
