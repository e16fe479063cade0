"""Weights rounded to few bits.

Rounding is symmetric and uniform, with one step size per matrix:

    q = step * round(w / step),   step = max |w| / (2^(bits - 1) - 1)

so that zero stays zero and the largest weight stays as it is. Biases, thresholds and the
parameters of normalisation stay in floating point, and so does all arithmetic. Nothing is trained
again afterwards.

Source: R. Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference",
arXiv:1806.08342 (2018), symmetric quantizer, one scale per layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.base import State
from spikeoff.contenders.field_checks import require

BITS = (8, 4, 3)
"""At the severities 1, 2 and 3."""


def step_size(weights: NDArray[Any], bits: int) -> float:
    """The distance of two neighbouring values; 0 where all weights are 0."""
    require("bits", bits, bits >= 2, "at least 2")
    largest = float(np.abs(weights.astype(np.float64)).max(initial=0.0))
    return largest / float(2 ** (bits - 1) - 1)


def rounded(weights: NDArray[Any], bits: int) -> NDArray[Any]:
    """The weights on a grid of 2^bits - 1 values, in their own type; codes as the nearest code."""
    step = step_size(weights, bits)
    if step == 0.0:
        return weights.copy()
    on_grid = step * np.rint(weights.astype(np.float64) / step)
    if weights.dtype.kind == "i":
        on_grid = np.rint(on_grid)
    return on_grid.astype(weights.dtype)


def rounded_state(state: State, names: Sequence[str], bits: int) -> State:
    """A network's state with the named arrays rounded, each with its own step."""
    return {name: rounded(a, bits) if name in names else a for name, a in state.items()}
