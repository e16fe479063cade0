"""Images given to be classified: picture files, arrays, and folders of them, each with its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.data import npy, npz
from spikeoff.data.parts import PIXEL_WORDS
from spikeoff.data.pictures import PICTURES, is_picture, read_picture
from spikeoff.data.pixels import Bytes, as_bytes
from spikeoff.errors import UserError

ARRAYS = (".npy", ".npz")


def read_given(places: Sequence[Path]) -> Iterator[tuple[str, Bytes]]:
    """Name and pixels of every image at ``places``: files, or folders with files of images.

    Raises:
        UserError: a file cannot be read, is no image, or a folder holds none.
    """
    for place in places:
        for path in _files(place):
            yield from _read(path)


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    found = sorted(path for path in place.rglob("*") if is_picture(path) or path.suffix in ARRAYS)
    if not found:
        raise UserError(f"{place}: no images in this folder; {', '.join(PICTURES + ARRAYS)} are")
    return found


def _read(path: Path) -> Iterator[tuple[str, Bytes]]:
    if path.suffix in ARRAYS:
        images = split_images(npz_pixels(path) if path.suffix == ".npz" else npy.read_array(path),
                              str(path))  # fmt: skip
        for k, image in enumerate(images):
            yield f"{path}[{k}]" if len(images) > 1 else str(path), image
    elif is_picture(path) or not path.exists():
        yield str(path), read_picture(path)
    else:
        raise UserError(f"{path}: unknown format; {', '.join(PICTURES + ARRAYS)} are read")


def npz_pixels(path: Path) -> NDArray[np.generic]:
    """The one array of images in an ``.npz``: the only array, or the one called x, images, ..."""
    names = npz.array_names(path)
    fitting = [name for name in names if name.lower() in PIXEL_WORDS]
    chosen = fitting if len(names) > 1 else names
    if len(chosen) != 1:
        raise UserError(
            f"{path}: {len(names)} arrays ({', '.join(names[:5])}); keep one, or call the images x"
        )
    return npz.read_arrays(path, (chosen[0],))[chosen[0]]


def split_images(images: NDArray[np.generic], where: str) -> list[Bytes]:
    """One image or many, [(n,) height, width(, channels)], as a list of bytes.

    Three axes are [n, height, width], or [height, width, channels] if the last has 3 or 4 places.

    Raises:
        UserError: the axes or the pixels are not those of images.
    """
    single = images.ndim == 2 or (images.ndim == 3 and images.shape[2] in (3, 4))
    whole = images[None] if single else images
    if whole.ndim not in (3, 4) or not whole.size:
        raise UserError(
            f"{where}: an array of shape {images.shape}; an image is [height, width(, channels)], "
            "and several are [n, height, width(, channels)]"
        )
    if whole.ndim == 4 and whole.shape[3] == 1:
        whole = whole[..., 0]
    return list(as_bytes(where, whole))
