"""Corrupted images: noise, occlusion, shift and contrast, each at five severities.

Every corruption is a pure function of (images, amount, seed). Its random numbers come from a
counter-based generator: they depend on the seed, the image's id and the pixel alone, so that an
image is corrupted in the same way in every batch and in every order. All severities of a
corruption use the same draws: a higher severity is the same noise, only stronger.

Sources: N. Mu and J. Gilmer, "MNIST-C: a robustness benchmark for computer vision",
arXiv:1906.02337 (2019); D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to
common corruptions and perturbations", ICLR (2019). The idea is theirs. The amounts are our own:
they are in units that fit images of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.coding.philox import philox4x32
from spikeoff.data import Images
from spikeoff.errors import UserError

SEVERITIES = (1, 2, 3, 4, 5)

KEY = 0x434F5252
"""Second word of the key, which keeps these draws apart from those of the input spikes."""

WORDS = 1 << 32
"""A random word is below this."""

PART = 500
"""Images that are corrupted at a time."""

GAUSSIAN, SALT, PATCH, DIRECTION = range(4)
"""Last word of the counter: what is drawn."""

COMPASS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
"""Directions of a shift: (down, right)."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Corruption:
    """A corruption and its amounts.

    apply: from images, an amount and a seed to the images' new pixels.
    amounts: at the severities 1 to 5.
    unit: of the amounts, in words.
    """

    apply: Callable[[Images, float, int], Bytes]
    amounts: tuple[float, float, float, float, float]
    unit: str


def corrupt(images: Images, name: str, severity: int, seed: int = 0) -> Images:
    """The images, corrupted; severity 0 returns them as they are.

    Args:
        images: of any shape [n, height, width(, channels)].
        name: a key of ``CORRUPTIONS``.
        severity: 1 to 5, or 0.
        seed: of the random numbers.

    Raises:
        UserError: there is no such corruption or severity.
    """
    if name not in CORRUPTIONS:
        raise UserError(f"{name!r} is no corruption; choose from {', '.join(CORRUPTIONS)}")
    if severity not in (0, *SEVERITIES):
        raise UserError(f"`severity` (={severity}) must be a whole number from 0 to 5")
    if severity == 0:
        return images
    one = CORRUPTIONS[name]
    pixels = np.empty_like(images.pixels)
    for first in range(0, len(pixels), PART):
        part = slice(first, first + PART)
        pixels[part] = one.apply(images.take(part), one.amounts[severity - 1], seed)
    return replace(images, pixels=pixels)


def gaussian_noise(images: Images, deviation: float, seed: int) -> Bytes:
    """x + deviation * z, rounded and clipped to 0..255; z is standard normal (Box and Muller).

    Args:
        images: to corrupt.
        deviation: standard deviation in grey levels.
        seed: of the draws; every number of a pixel has its own.
    """
    n_numbers = images.flat.shape[1]
    first, second, _, _ = _draw(images, np.arange(n_numbers), GAUSSIAN, seed)
    radius = np.sqrt(-2 * np.log((first + 0.5) / WORDS))
    normal = radius * np.cos(2 * np.pi * (second + 0.5) / WORDS)
    return _bytes(images.flat + deviation * normal).reshape(images.pixels.shape)


def salt_and_pepper(images: Images, share: float, seed: int) -> Bytes:
    """A share of the pixels becomes 0 or 255, with equal probability; all channels together.

    Args:
        images: to corrupt.
        share: probability that a pixel is replaced.
        seed: of the draws.
    """
    height, width = images.pixels.shape[1:3]
    first, second, _, _ = _draw(images, np.arange(height * width), SALT, seed)
    hit = _by_pixel(first < round(share * WORDS), images)
    salt = _by_pixel(second < WORDS // 2, images)
    return np.where(hit, np.where(salt, 255, 0), images.pixels).astype(np.uint8)


def occlusion(images: Images, share: float, seed: int) -> Bytes:
    """A square patch of zeros, wholly inside the image, at a random place.

    Args:
        images: to corrupt.
        share: side of the patch over the shorter side of the image.
        seed: of the places.
    """
    height, width = images.pixels.shape[1:3]
    side = round(share * min(height, width))
    first, second, _, _ = _draw(images, np.zeros(1, np.int64), PATCH, seed)
    top, left = first * (height - side + 1) // WORDS, second * (width - side + 1) // WORDS
    rows, columns = np.arange(height), np.arange(width)
    in_rows = (rows >= top) & (rows < top + side)
    in_columns = (columns >= left) & (columns < left + side)
    hidden = in_rows[:, :, None] & in_columns[:, None, :]
    return np.where(_by_pixel(hidden, images), 0, images.pixels).astype(np.uint8)


def shift(images: Images, share: float, seed: int) -> Bytes:
    """Moved by a number of pixels, at least 1, in one of eight directions; 0 where nothing was.

    Args:
        images: to corrupt.
        share: distance over the shorter side, along each axis that the direction has.
        seed: of the directions.
    """
    distance = max(1, round(share * min(images.pixels.shape[1:3])))
    chosen = _draw(images, np.zeros(1, np.int64), DIRECTION, seed)[0][:, 0] * len(COMPASS) // WORDS
    moved = np.empty_like(images.pixels)
    for number, (down, right) in enumerate(COMPASS):
        those = chosen == number
        moved[those] = shifted(images.pixels[those], distance * down, distance * right)
    return moved


def shifted(pixels: Bytes, down: int, right: int) -> Bytes:
    """Pixels [n, height, width, ...] moved down and to the right; 0 where nothing was."""
    out = np.zeros_like(pixels)
    height, width = pixels.shape[1:3]
    if abs(down) >= height or abs(right) >= width:
        return out
    to_rows, from_rows = _ends(down, height)
    to_columns, from_columns = _ends(right, width)
    out[:, to_rows, to_columns] = pixels[:, from_rows, from_columns]
    return out


def contrast(images: Images, factor: float, seed: int) -> Bytes:
    """mean + factor * (x - mean), the mean of each image and channel; rounded.

    Args:
        images: to corrupt.
        factor: of what departs from the mean; 1 changes nothing.
        seed: not used: nothing is drawn.
    """
    del seed
    mean = images.pixels.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
    return _bytes(mean + factor * (images.pixels - mean))


CORRUPTIONS: Mapping[str, Corruption] = {
    "gaussian-noise": Corruption(
        gaussian_noise, (26, 51, 77, 102, 128), "grey levels (standard deviation)"
    ),
    "salt-and-pepper": Corruption(salt_and_pepper, (0.05, 0.1, 0.15, 0.2, 0.3), "share of pixels"),
    "occlusion": Corruption(
        occlusion, (0.2, 0.3, 0.4, 0.5, 0.6), "side of the patch / shorter side of the image"
    ),
    "shift": Corruption(
        shift, (1 / 28, 2 / 28, 3 / 28, 4 / 28, 5 / 28), "distance / shorter side of the image"
    ),
    "contrast": Corruption(contrast, (0.8, 0.6, 0.4, 0.3, 0.2), "factor of the contrast"),
}
"""The corruptions by name."""


def _draw(images: Images, places: NDArray[np.int64], what: int, seed: int) -> tuple[Any, ...]:
    """Four random words [n, places] for every image and place."""
    words = philox4x32(np.int64(0), places[None, :], images.ids[:, None], what, seed, KEY)
    return tuple(np.broadcast_to(word, (len(images), len(places))) for word in words)


def _by_pixel(mask: NDArray[np.bool_], images: Images) -> NDArray[np.bool_]:
    """[n, pixels] or [n, height, width] in the shape of the images, one value for all channels."""
    shape = images.pixels.shape
    return mask.reshape(shape[:3] + (1,) * (len(shape) - 3))


def _bytes(values: NDArray[np.float64]) -> Bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _ends(by: int, size: int) -> tuple[slice, slice]:
    """Where pixels of one axis go, and where they are from."""
    here, there = slice(max(0, by), size + min(0, by)), slice(max(0, -by), size - max(0, by))
    return here, there
