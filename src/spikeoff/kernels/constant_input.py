"""Constant currents into a layer, one per input and image, and their products.

The weighted sum is the same at every step, so it is computed once per image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spikeoff.kernels.events import Real
from spikeoff.kernels.ordered_sums import product, sum_along
from spikeoff.kernels.tiles import tiled
from spikeoff.numerics.mode import is_strict


@dataclass(frozen=True)
class ConstantInput:
    """Currents [n, n_inputs] that flow at each of ``n_steps`` steps."""

    values: NDArray[np.float64]
    n_steps: int

    @property
    def n_examples(self) -> int:
        """Images."""
        return len(self.values)

    def product(self, weights: NDArray[Real]) -> NDArray[Real]:
        """values @ weights at every step, [n, tiles, steps + 1, lanes]; the last place is unset."""
        summed = _product(self.values.astype(weights.dtype), weights)
        once: NDArray[Any] = np.ascontiguousarray(tiled(summed).swapaxes(0, 1))
        shape = (*once.shape[:2], self.n_steps + 1, once.shape[2])
        return np.ascontiguousarray(np.broadcast_to(once[:, :, None], shape))

    def gradients(
        self, by_current: NDArray[Real], n_out: int
    ) -> tuple[NDArray[Real], NDArray[Real]]:
        """Gradients by weights [n_inputs, n_out], and by a bias [n_out].

        Args:
            by_current: [n, tiles, steps + 1, lanes] gradient by the product, and its sum over
                steps.
            n_out: columns of the weights.
        """
        summed = by_current[:, :, self.n_steps].reshape(self.n_examples, -1)[:, :n_out]
        summed = np.ascontiguousarray(summed)
        values = np.ascontiguousarray(self.values.T.astype(summed.dtype))
        return _product(values, summed), sum_along(summed, axis=0)


def _product(a: NDArray[Real], b: NDArray[Real]) -> NDArray[Real]:
    """a @ b on PyTorch's threads, which the run sets; in strict mode on one."""
    if is_strict():
        return product(a, b)
    found: NDArray[Real] = (torch.from_numpy(a) @ torch.from_numpy(b)).numpy()
    return found
