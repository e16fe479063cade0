"""Distorted training images: elastic deformation, shift, rotation and scale.

The pixel of a distorted image at x (row, column) is that of the image at

    c + R(angle) (x - c - shift) / size + alpha G_sigma * u(x)

by bilinear interpolation, 0 outside, rounded to whole grey levels. Where c is the centre, u is
uniform in [-1, 1) for every pixel and axis, and G_sigma * is its convolution with a Gaussian, cut
off at three standard deviations, with 0 outside the image. Each image draws its shift (whole
pixels), angle and size uniformly from their ranges.

What is drawn depends on (seed, epoch, example, pixel) alone, by the same counter-based generator
as the input spikes: an image is distorted in the same way in every batch, in every order, on any
number of threads, and after a stop.

Source: P. Y. Simard, D. Steinkraus and J. C. Platt, "Best practices for convolutional neural
networks applied to visual document analysis", ICDAR (2003): alpha 34, sigma 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.coding import word_draw
from spikeoff.contenders.gradient.numba.dropout_mask import draw_words
from spikeoff.data import Images
from spikeoff.kernels import elementary_functions  # noqa: F401 (lets kernels call cos)
from spikeoff.kernels.jit import kernel, noalias_kernel
from spikeoff.learning.dropout import PER_BLOCK
from spikeoff.numerics.functions import cos, exp, sin, total

FIELD, PLACEMENT = 3 << 30, (3 << 30) + 1
"""Second words of the key: of displacements, and of shift, angle and size. No layer's dropout and
no presentation has these numbers."""

CUT_OFF = 3.0
"""Standard deviations at which the Gaussian ends."""

HALF_RANGE = 1 << 15
"""Half the number of values that a draw of 16 bits has."""

WORDS = float(1 << 32)
"""A random word is below this."""


@dataclass(frozen=True)
class Distortion:
    """How strongly images are distorted; a pure function of images and epoch.

    alpha: factor of the smoothed displacements (pixels); sigma: of the Gaussian (pixels).
    shift: largest, in whole pixels, along each axis.
    rotation: largest, in degrees, either way.
    scale: largest change of size; sizes are drawn from 1 - scale to 1 + scale.
    seed: of the draws.
    """

    alpha: float
    sigma: float
    shift: int
    rotation: float
    scale: float
    seed: int

    def apply(self, images: Images, epoch: int) -> Images:
        """The images, distorted.

        Args:
            images: [n, height, width(, channels)]; all channels of a pixel move together.
            epoch: counted from 1.
        """
        pixels = np.ascontiguousarray(images.pixels)
        found = np.empty_like(pixels)
        n, height, width = pixels.shape[:3]
        by_channel = (n, height, width, math.prod(pixels.shape[3:]))
        _distort(
            pixels.reshape(by_channel), images.ids, self.seed, epoch, self._taps(), self.shift,
            math.radians(self.rotation), self.scale, found.reshape(by_channel),
        )  # fmt: skip
        return replace(images, pixels=found)

    def _taps(self) -> NDArray[np.float32]:
        """Half of the Gaussian, from its middle, times sqrt(alpha): it is used along both axes."""
        if not self.alpha:
            return np.zeros(0, np.float32)
        place = np.arange(int(CUT_OFF * self.sigma + 0.5) + 1)
        weight = exp(-0.5 * (place / self.sigma) ** 2)
        taps: NDArray[np.float64] = weight / (2 * total(weight) - 1) * math.sqrt(self.alpha)
        return taps.astype(np.float32)


@kernel
def _distort(
    pixels: Any, ids: Any, seed: Any, epoch: Any, taps: Any, shift: Any, rotation: Any, scale: Any,
    out: Any,
) -> None:  # fmt: skip
    """Fill ``out`` [n, height, width, channels] with the distorted ``pixels``."""
    n, height, width, channels = pixels.shape
    n_values = 2 * height * width
    for k in numba.prange(n):
        moved = np.zeros((height, 2 * width), np.float32)
        if len(taps):
            words = np.empty((4, -(-n_values // PER_BLOCK)), np.int64)
            drawn = np.empty(PER_BLOCK * words.shape[1], np.float32)
            draw_words(ids[k], seed, epoch, FIELD, words)
            _uniform(words, drawn)
            field = drawn[:n_values].reshape(width, 2 * height)
            smoothed, turned = np.empty_like(field), np.empty_like(moved)
            _smooth(field, taps, smoothed)
            _turn(smoothed, turned)
            _smooth(turned, taps, moved)
        placement = np.empty((4, 1), np.int64)
        draw_words(ids[k], seed, epoch, PLACEMENT, placement)
        framed = np.zeros((height + 3, width + 3, channels), np.float32)
        framed[1:-2, 1:-2] = pixels[k]
        place, weights = np.empty(width, np.int64), np.empty((2, width), np.float32)
        _sample(
            framed.reshape(-1, channels), moved, placement[:, 0], shift, rotation, scale,
            place, weights[0], weights[1], out[k],
        )  # fmt: skip


@noalias_kernel
def _uniform(words: Any, drawn: Any) -> None:
    """Fill ``drawn`` with numbers in [-1, 1), eight from each block of words."""
    for j in range(PER_BLOCK):
        word = words[j // 2]
        for block in range(len(word)):
            bits = np.float32(word_draw(word[block], j))
            drawn[block * PER_BLOCK + j] = bits / np.float32(HALF_RANGE) - np.float32(1)


@noalias_kernel
def _smooth(field: Any, taps: Any, out: Any) -> None:
    """Convolve the columns of ``field`` with the Gaussian; 0 above and below."""
    rows, columns = field.shape
    for row in range(rows):
        for column in range(columns):
            out[row, column] = 0
        for other in range(max(0, row - len(taps) + 1), min(rows, row + len(taps))):
            tap = taps[abs(other - row)]
            for column in range(columns):
                out[row, column] += tap * field[other, column]


@noalias_kernel
def _turn(field: Any, out: Any) -> None:
    """[width, 2 height] displacements, down then to the right, as [height, 2 width]."""
    width, height = field.shape[0], field.shape[1] // 2
    for column in range(width):
        for row in range(height):
            out[row, column] = field[column, row]
            out[row, width + column] = field[column, height + row]


@noalias_kernel
def _sample(
    framed: Any, moved: Any, words: Any, shift: Any, rotation: Any, scale: Any,
    place: Any, below: Any, beside: Any, out: Any,
) -> None:  # fmt: skip
    """Fill ``out`` [height, width, channels] from the image, which a frame of zeros surrounds.

    ``place``, ``below`` and ``beside`` [width] are for a row's places in the frame and its weights.
    """
    height, width, channels = out.shape
    down = np.float32(words[0] * (2 * shift + 1) // (1 << 32) - shift)
    right = np.float32(words[1] * (2 * shift + 1) // (1 << 32) - shift)
    angle = rotation * (2 * words[2] / WORDS - 1)
    size = 1 + scale * (2 * words[3] / WORDS - 1)
    along, across = np.float32(cos(angle) / size), np.float32(sin(angle) / size)
    zero, one, half = np.float32(0), np.float32(1), np.float32(0.5)
    last_row, last_column = np.float32(height + 1), np.float32(width + 1)  # of the frame
    middle_row, middle_column = half * np.float32(height - 1), half * np.float32(width - 1)
    for row in range(height):
        y = np.float32(row) - middle_row - down
        for column in range(width):
            x = np.float32(column) - middle_column - right
            from_row = middle_row + along * y + across * x + moved[row, column] + one
            from_column = middle_column + along * x - across * y + moved[row, width + column] + one
            from_row = min(max(from_row, zero), last_row)  # beyond the frame, all is 0 as on it
            from_column = min(max(from_column, zero), last_column)
            i, j = np.int32(from_row), np.int32(from_column)
            below[column], beside[column] = from_row - np.float32(i), from_column - np.float32(j)
            place[column] = np.int64(i) * (width + 3) + j
        for column in range(width):
            p, a, b = np.uintp(place[column]), below[column], beside[column]
            q, next_one = p + np.uintp(width + 3), np.uintp(1)
            for channel in range(channels):
                here, there = framed[p, channel], framed[q, channel]
                here += b * (framed[p + next_one, channel] - here)
                there += b * (framed[q + next_one, channel] - there)
                out[row, column, channel] = np.int32(here + a * (there - here) + half)
