"""Where columns stand and what they see, and the order in which their weights lie.

A column's neurons follow one another, columns follow one another from left to right, bands (rows
of columns) from top to bottom. The kernels take the weights of each band together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.data import MNIST

MARGIN = 1.5
"""Pixels by which the fields at the border reach beyond it: MNIST keeps its border empty."""

Weights = NDArray[np.float32]
Span = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """A square map of columns.

    side: columns a side.
    size: neurons a column.
    field: pixels a side of what a column sees, before the image's border cuts it; all channels
        of a pixel are seen together.
    shape: of an image, (height, width) or (height, width, channels).
    """

    side: int
    size: int
    field: int
    shape: tuple[int, ...] = MNIST.shape

    @property
    def n_pixels(self) -> int:
        """Numbers per image."""
        return math.prod(self.shape)

    @property
    def width(self) -> int:
        """Neurons of a band."""
        return self.side * self.size

    def spans(self, length: int) -> list[Span]:
        """The pixels [first, stop) that columns see along a side of ``length`` pixels."""
        field = min(self.field, length)
        edge = field / 2 - MARGIN
        middle = (length - 1) / 2
        places = np.linspace(edge, length - 1 - edge, self.side) if self.side > 1 else [middle]
        pixels = np.arange(length)
        seen = [np.flatnonzero(abs(pixels - place) <= field / 2 - 0.25) for place in places]
        return [(int(inside[0]), int(inside[-1]) + 1) for inside in seen]

    def places(self) -> list[tuple[Span, Span]]:
        """The rows and the columns of the image that each column of neurons sees."""
        across = self.spans(self.shape[1])
        return [(rows, columns) for rows in self.spans(self.shape[0]) for columns in across]

    def fields(self) -> NDArray[np.int64]:
        """[columns, longest] the pixels that each column sees; -1 where it sees fewer."""
        grid = np.arange(self.n_pixels).reshape(self.shape)
        seen = [grid[slice(*rows), slice(*columns)].ravel() for rows, columns in self.places()]
        fields = np.full((len(seen), max(map(len, seen))), -1, np.int64)
        for row, pixels in zip(fields, seen, strict=True):
            row[: len(pixels)] = pixels
        return fields

    def seen(self) -> NDArray[np.int64]:
        """[bands, 2] the first pixel that each band sees, and the one after the last."""
        row = self.n_pixels // self.shape[0]
        return np.array([(row * top, row * bottom) for top, bottom in self.spans(self.shape[0])])

    def mask(self) -> NDArray[np.bool_]:
        """[pixels, neurons] whether there is a synapse."""
        synapses = np.zeros((self.n_pixels, self.side**2), bool)
        for column, pixels in enumerate(self.fields()):
            synapses[pixels[pixels >= 0], column] = True
        return synapses.repeat(self.size, axis=1)

    def initial(self, seed: int) -> Weights:
        """[pixels, neurons] weights from U(0.5, 1), each neuron's scaled to length 1."""
        shape = (self.n_pixels, self.side**2 * self.size)
        drawn = np.random.default_rng(seed).uniform(0.5, 1, shape)
        drawn *= self.mask()
        weights: Weights = (drawn / np.linalg.norm(drawn, axis=0)).astype(np.float32)
        return weights

    def by_band(self, weights: Weights) -> Weights:
        """[pixels, neurons] to [bands, pixels, width]."""
        split = weights.reshape(self.n_pixels, self.side, self.width)
        return np.ascontiguousarray(split.transpose(1, 0, 2))

    def by_neuron(self, weights: Weights) -> Weights:
        """[bands, pixels, width] to [pixels, neurons]."""
        return np.ascontiguousarray(weights.transpose(1, 0, 2)).reshape(self.n_pixels, -1)
