"""The regression of the learned vote in strict mode, where scikit-learn's depends on the processor.

It minimises, over coefficients W [classes, neurons] and intercepts b [classes],

    -1/n sum_i ln p_i,label(i) + penalty |W|^2,    p_i = softmax(W x_i + b)

by L-BFGS with step halving, all sums in a fixed order.

Source: J. Nocedal, "Updating quasi-Newton matrices with limited storage", Mathematics of
Computation 35, 1980.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.ordered_sums import product, sum_along
from spikeoff.numerics.functions import exp, log, total

Floats = NDArray[np.float64]

MEMORY = 10
"""Steps that the approximation of the curvature remembers."""

MAX_STEPS, TOLERANCE = 300, 1e-3
"""Steps at most; it ends where no entry of the gradient is above the tolerance."""

SUFFICIENT = 1e-4
"""Share of the decrease promised by the slope that a step must reach."""

SMALLEST_STEP = 2.0**-30


def fit(inputs: Floats, labels: NDArray[np.int64], n_classes: int, penalty: float) -> Floats:
    """[classes, neurons + 1] coefficients, then the intercept.

    Args:
        inputs: [n, neurons].
        labels: [n] from 0 to ``n_classes`` - 1, each at least once.
        n_classes: at least 2.
        penalty: of the squared coefficients.
    """
    problem = _Problem(inputs, labels, n_classes, penalty)
    place = np.zeros((n_classes, inputs.shape[1] + 1))
    value, slope = problem.at(place)
    pairs: deque[tuple[Floats, Floats]] = deque(maxlen=MEMORY)
    for _ in range(MAX_STEPS):
        if abs(slope).max() <= TOLERANCE:
            break
        direction = _direction(slope, pairs)
        promised, step = _dot(direction, slope), 1.0
        while step >= SMALLEST_STEP:
            new_place = place + step * direction
            new_value, new_slope = problem.at(new_place)
            if new_value <= value + SUFFICIENT * step * promised:
                break
            step /= 2
        else:
            break  # rounding hides what is left to gain
        moved, turned = new_place - place, new_slope - slope
        if _dot(moved, turned) > 0:
            pairs.append((moved, turned))
        place, value, slope = new_place, new_value, new_slope
    return place


class _Problem:
    """The function to be minimised."""

    def __init__(
        self, inputs: Floats, labels: NDArray[np.int64], n_classes: int, penalty: float
    ) -> None:
        ones = np.ones((len(inputs), 1))
        self._inputs = np.hstack([inputs, ones])
        self._turned = np.ascontiguousarray(self._inputs.T)
        self._right = labels[:, None] == np.arange(n_classes)
        self._penalty = np.full(inputs.shape[1] + 1, penalty)
        self._penalty[-1] = 0.0

    def at(self, place: Floats) -> tuple[float, Floats]:
        """(value, gradient) where coefficients and intercepts are ``place``."""
        logits = product(self._inputs, place.T)
        logits -= logits.max(axis=1, keepdims=True)
        powers = exp(logits)
        sums = sum_along(powers, axis=1)
        n = len(logits)
        loss = total(log(sums) - logits[self._right]) / n
        error = (powers / sums[:, None] - self._right) / n
        gradient = product(self._turned, error).T + 2 * self._penalty * place
        return loss + total((self._penalty * place * place).ravel()), gradient


def _direction(slope: Floats, pairs: deque[tuple[Floats, Floats]]) -> Floats:
    """Downhill by the curvature that ``pairs`` of moves and changes of the slope have shown."""
    found = -slope
    if not pairs:
        return found / max(1.0, math.sqrt(_dot(slope, slope)))
    shares = []
    for moved, turned in reversed(pairs):
        share = _dot(moved, found) / _dot(moved, turned)
        found = found - share * turned
        shares.append(share)
    moved, turned = pairs[-1]
    found = found * (_dot(moved, turned) / _dot(turned, turned))
    for (moved, turned), share in zip(pairs, reversed(shares), strict=True):
        found = found + (share - _dot(turned, found) / _dot(moved, turned)) * moved
    return found


def _dot(a: Floats, b: Floats) -> float:
    return total((a * b).ravel())
