"""What all images of a data set have in common: their shape and their classes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from spikeoff.errors import UserError

MAX_PIXELS = 2**16 - 1
"""Largest number of pixels: kernels index them by 16-bit integers."""
MAX_CLASSES = 256
"""Largest number of classes: labels are bytes."""
MAX_CHANNELS = 4


@dataclass(frozen=True)
class ImageSpec:
    """The shape of every image, and the names of the classes.

    shape: (height, width) for grey images, (height, width, channels) for others.
    classes: their names; the label of an image is an index into them.

    Raises:
        UserError: no network takes such images.
    """

    shape: tuple[int, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        written = " x ".join(map(str, self.shape)) or "one number each"
        sizes = self.shape if len(self.shape) == 3 else (*self.shape, 1)
        if len(sizes) != 3 or min(sizes) < 1 or sizes[2] > MAX_CHANNELS:
            raise UserError(
                f"images are {written}; they must be height x width, "
                f"or height x width x channels with at most {MAX_CHANNELS} channels"
            )
        if self.n_pixels > MAX_PIXELS:
            raise UserError(
                f"images are {written}, {self.n_pixels} numbers; at most {MAX_PIXELS} are possible"
            )
        if not 2 <= self.n_classes <= MAX_CLASSES:
            raise UserError(
                f"labels name {self.n_classes} classes; from 2 to {MAX_CLASSES} are possible"
            )

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.shape[0]

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.shape[1]

    @property
    def channels(self) -> int:
        """Numbers per pixel: 1 for grey images."""
        return self.shape[2] if len(self.shape) == 3 else 1

    @property
    def n_pixels(self) -> int:
        """Numbers per image, all channels counted."""
        return math.prod(self.shape)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)


def numbered(n_classes: int) -> tuple[str, ...]:
    """Names of classes that have none: their numbers."""
    return tuple(map(str, range(n_classes)))


MNIST = ImageSpec((28, 28), numbered(10))
"""The images of MNIST, for which every default is made."""
