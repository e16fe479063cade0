"""Images that a caller gives to a trained network."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import Images
from spikeoff.data.spec import ImageSpec
from spikeoff.errors import UserError


def content_ids(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """[n] numbers from 0 to 2^32 - 1 made from the pixels of each image.

    Input spikes are drawn by them, so that an answer depends neither on the image's place in an
    array nor on the images beside it.
    """
    return np.fromiter((zlib.crc32(row.tobytes()) for row in pixels), np.int64, len(pixels))


def given_images(images: Any, spec: ImageSpec) -> Images:
    """Images of a data set as they are, or an array; labels of an array are 0.

    Args:
        images: ``Images``, or [n, *shape] or [n, pixels] bytes, or floats from 0 to 1.
        spec: what the network takes.

    Raises:
        UserError: the shape or a value is another.
    """
    if isinstance(images, Images):
        _check_shape(images.pixels.shape, spec)
        return images
    array = np.asarray(images)
    _check_shape(array.shape, spec)
    pixels = _as_bytes(array).reshape(len(array), *spec.shape)
    pixels = np.require(
        pixels, requirements=["C", "W"]
    )  # PyTorch warns of arrays that it cannot write
    return Images(pixels, np.zeros(len(pixels), np.uint8), content_ids(pixels))


def _check_shape(shape: tuple[int, ...], spec: ImageSpec) -> None:
    fitting = (spec.shape, (spec.n_pixels,), (spec.height, spec.width, spec.channels))
    if shape[1:] not in fitting:
        given, wanted = (" x ".join(map(str, one)) or "one number" for one in (shape, spec.shape))
        hint = "; add an axis: images[None]" if shape in fitting else ""
        raise UserError(f"images of shape {given}; the network takes n x {wanted}{hint}")


def _as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise UserError(f"images of {array.dtype}; bytes, or floats from 0 to 1, are needed")
    low, high = float(array.min(initial=0)), float(array.max(initial=0))
    largest = 255 if array.dtype.kind in "iu" else 1
    if low < 0 or high > largest:
        raise UserError(
            f"pixels from {low:.3g} to {high:.3g}; whole numbers must be from 0 to 255, floats "
            "from 0 (background) to 1"
        )
    pixels: NDArray[np.uint8] = np.rint(array * (255 // largest)).astype(np.uint8)
    return pixels
