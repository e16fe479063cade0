"""Where columns stand and what they see, and the order in which their weights lie.

A column's neurons follow one another, columns follow one another from left to right, bands (rows
of columns) from top to bottom. The kernels take the weights of each band together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import N_PIXELS, SIDE

MARGIN = 1.5
"""Pixels by which the fields at the border reach beyond it: MNIST keeps its border empty."""

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Layout:
    """A square map of columns.

    side: columns a side.
    size: neurons a column.
    field: pixels a side of what a column sees, before the image's border cuts it.
    """

    side: int
    size: int
    field: int

    @property
    def width(self) -> int:
        """Neurons of a band."""
        return self.side * self.size

    def spans(self) -> list[tuple[int, int]]:
        """The pixels [first, stop) that columns see along one side."""
        edge = self.field / 2 - MARGIN
        middle = (SIDE - 1) / 2
        places = np.linspace(edge, SIDE - 1 - edge, self.side) if self.side > 1 else [middle]
        pixels = np.arange(SIDE)
        seen = [np.flatnonzero(abs(pixels - place) <= self.field / 2 - 0.25) for place in places]
        return [(int(inside[0]), int(inside[-1]) + 1) for inside in seen]

    def fields(self) -> NDArray[np.int64]:
        """[columns, longest] the pixels that each column sees; -1 where it sees fewer."""
        grid = np.arange(N_PIXELS).reshape(SIDE, SIDE)
        spans = self.spans()
        seen = [grid[top:bottom, left:right].ravel()
                for top, bottom in spans for left, right in spans]  # fmt: skip
        fields = np.full((len(seen), max(map(len, seen))), -1, np.int64)
        for row, pixels in zip(fields, seen, strict=True):
            row[: len(pixels)] = pixels
        return fields

    def seen(self) -> NDArray[np.int64]:
        """[bands, 2] the first pixel that each band sees, and the one after the last."""
        return np.array([(SIDE * top, SIDE * bottom) for top, bottom in self.spans()])

    def mask(self) -> NDArray[np.bool_]:
        """[784, neurons] whether there is a synapse."""
        synapses = np.zeros((N_PIXELS, self.side**2), bool)
        for column, pixels in enumerate(self.fields()):
            synapses[pixels[pixels >= 0], column] = True
        return synapses.repeat(self.size, axis=1)

    def initial(self, seed: int) -> Weights:
        """[784, neurons] weights from U(0.5, 1), each neuron's scaled to length 1."""
        drawn = np.random.default_rng(seed).uniform(0.5, 1, (N_PIXELS, self.side**2 * self.size))
        drawn *= self.mask()
        weights: Weights = (drawn / np.linalg.norm(drawn, axis=0)).astype(np.float32)
        return weights

    def by_band(self, weights: Weights) -> Weights:
        """[784, neurons] to [bands, 784, width]."""
        split = weights.reshape(N_PIXELS, self.side, self.width)
        return np.ascontiguousarray(split.transpose(1, 0, 2))

    def by_neuron(self, weights: Weights) -> Weights:
        """[bands, 784, width] to [784, neurons]."""
        return np.ascontiguousarray(weights.transpose(1, 0, 2)).reshape(N_PIXELS, -1)
