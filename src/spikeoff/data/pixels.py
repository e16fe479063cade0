"""Pixels as they are found, turned into bytes: integers, or floats that are n/255 or n/256."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spikeoff.errors import UserError

PART = 4096
"""Images that are converted at a time."""

Bytes = NDArray[np.uint8]


def image_shape(where: str, given: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an image; rows of numbers are square images, one channel is none."""
    if len(given) == 1 and math.isqrt(given[0]) ** 2 == given[0] > 0:
        return (math.isqrt(given[0]),) * 2
    if len(given) == 1:
        raise UserError(
            f"{where}: images are rows of {given[0]} numbers, which make no square; "
            "give them as height x width"
        )
    return given[:2] if len(given) == 3 and given[2] == 1 else given


def as_bytes(where: str, pixels: NDArray[np.generic]) -> Bytes:
    """Pixels as uint8; floats in [0, 1] are n/255 (Keras) or n/256 (Theano).

    The images are converted part by part: other types take up to eight times the memory.
    """
    if pixels.dtype == np.uint8:
        return np.require(pixels, requirements=["C", "W"])
    if pixels.dtype.kind not in "iuf":
        raise UserError(f"{where}: pixels of type {pixels.dtype}; integers or floats are needed")
    parts = [slice(first, first + PART) for first in range(0, len(pixels), PART)]
    highest = max(_highest(where, pixels[part]) for part in parts)
    scales = (1,) if pixels.dtype.kind in "iu" or highest > 1 else (255, 256)
    for scale in scales:
        whole = np.empty(pixels.shape, np.uint8)
        if all(_scaled(pixels[part], scale, whole[part]) for part in parts):
            return whole
    raise UserError(
        f"{where}: pixels are no multiples of 1, 1/255 or 1/256; save 8-bit values, as in "
        "(255 * x).round().astype('uint8')"
    )


def _highest(where: str, pixels: NDArray[np.generic]) -> float:
    """The highest pixel, all of them checked."""
    values = pixels.astype(np.float64)
    if not np.isfinite(values).all():
        raise UserError(f"{where}: a pixel is NaN or infinite; pixels are 0..255 or 0.0..1.0")
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 255:
        if low < 0 and pixels.dtype.kind == "f":
            raise UserError(
                f"{where}: pixels go from {low:.3g} to {high:.3g}, as after normalising by mean "
                "and standard deviation; save them before that, or undo it: x * std + mean"
            )
        value = low if low < 0 else high
        raise UserError(f"{where}: a pixel is {value:g}; pixels are 0..255 or 0.0..1.0")
    return high


def _scaled(pixels: NDArray[np.generic], scale: int, result: Bytes) -> bool:
    """Fill ``result`` with pixels times ``scale``, if these are whole numbers up to 255."""
    scaled = pixels.astype(np.float64) * scale
    whole = np.rint(scaled)
    result[:] = np.minimum(whole, 255)
    return bool(np.abs(scaled - whole).max() < 1e-3 and whole.max() <= 255)
