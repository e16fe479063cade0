"""The hidden layer's map of columns, its initial weights, and the order in which these lie.

The kernels take the weights of each band (row of columns) together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.column_map import ColumnMap
from spikeoff.kernels.ordered_sums import sum_of_rows
from spikeoff.numerics.mode import is_strict

Weights = NDArray[np.float32]


class Layout(ColumnMap):
    """A square map of columns, and how the kernels hold its weights."""

    @property
    def width(self) -> int:
        """Neurons of a band."""
        return self.side * self.size

    def initial(self, seed: int) -> Weights:
        """[pixels, neurons] weights from U(0.5, 1), each neuron's scaled to length 1."""
        shape = (self.n_pixels, self.side**2 * self.size)
        drawn = np.random.default_rng(seed).uniform(0.5, 1, shape)
        drawn *= self.mask()
        weights: Weights = (drawn / _lengths(drawn)).astype(np.float32)
        return weights

    def by_band(self, weights: Weights) -> Weights:
        """[pixels, neurons] to [bands, pixels, width]."""
        split = weights.reshape(self.n_pixels, self.side, self.width)
        return np.ascontiguousarray(split.transpose(1, 0, 2))

    def by_neuron(self, weights: Weights) -> Weights:
        """[bands, pixels, width] to [pixels, neurons]."""
        return np.ascontiguousarray(weights.transpose(1, 0, 2)).reshape(self.n_pixels, -1)


def _lengths(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """[neurons] the length of each column."""
    found: NDArray[np.float64] = (
        np.sqrt(sum_of_rows(columns * columns)) if is_strict() else np.linalg.norm(columns, axis=0)
    )
    return found
