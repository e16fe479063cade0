"""What scikit-learn passes as X, as the images that a network sees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.data import Images, ImageSpec
from spikeoff.data.network_input import content_ids
from spikeoff.errors import UserError

SMALLEST_SIDE = 4
"""Side of the smallest square that rows of numbers are laid out in; cnn pools twice."""

PART = 4096
"""Rows that are converted at a time: as floats they take eight times the memory."""


@dataclass(frozen=True)
class PixelScale:
    """From numbers to pixels, by the range of the training data.

        pixel = round(255 (x - low) / (high - low)), at least 0 and at most 255

    low, high: 0 and 255 for bytes, which stay as they are; else the smallest and the largest number
        of the training data, over all pixels together.
    """

    low: float
    high: float

    @classmethod
    def of(cls, rows: NDArray[Any]) -> PixelScale:
        """The scale for training data like these."""
        if rows.dtype == np.uint8:
            return cls(0.0, 255.0)
        return cls(float(rows.min()), float(rows.max()))

    def pixels(self, rows: NDArray[Any]) -> NDArray[np.uint8]:
        """[n, features] numbers as bytes."""
        if rows.dtype == np.uint8 and (self.low, self.high) == (0, 255):
            return np.ascontiguousarray(rows)
        result = np.zeros(rows.shape, np.uint8)
        if self.high > self.low:
            factor = 255 / (self.high - self.low)
            for first in range(0, len(rows), PART):
                part = rows[first : first + PART].astype(np.float64)
                result[first : first + PART] = np.rint(((part - self.low) * factor).clip(0, 255))
        return result


def shape_for(n_features: int, given: Sequence[int] | None) -> tuple[int, ...]:
    """The shape of an image of so many numbers: the given one, or a square with room for them.

    Raises:
        UserError: the given shape has another size.
    """
    if given is not None:
        shape = tuple(int(side) for side in given)
        if math.prod(shape) != n_features:
            written = " x ".join(map(str, shape))
            raise UserError(
                f"`image_shape` (={written}) must have as many pixels as X has numbers per image, "
                f"{n_features}"
            )
        return shape[:2] if len(shape) == 3 and shape[2] == 1 else shape
    side = math.isqrt(n_features)
    if side**2 == n_features and side >= SMALLEST_SIDE:
        return side, side
    return (max(SMALLEST_SIDE, math.isqrt(n_features - 1) + 1),) * 2


def make_images(
    pixels: NDArray[np.uint8], spec: ImageSpec, labels: NDArray[Any] | None = None
) -> Images:
    """Rows of pixels as images; what a row lacks to the image's size is 0."""
    n = len(pixels)
    if pixels.shape[1] < spec.n_pixels:
        pixels = np.pad(pixels, ((0, 0), (0, spec.n_pixels - pixels.shape[1])))
    known = np.zeros(n, np.uint8) if labels is None else labels.astype(np.uint8)
    return Images(pixels.reshape(n, *spec.shape), known, content_ids(pixels))
