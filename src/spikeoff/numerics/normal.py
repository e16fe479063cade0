"""Normally distributed numbers from uniform ones by plain arithmetic (``numerics.elementary``).

Points (x, y) uniform in the unit disc, s = x^2 + y^2, give two independent numbers each:

    x sqrt(-2 ln(s) / s),    y sqrt(-2 ln(s) / s)

Source: G. Marsaglia and T. A. Bray, "A convenient method for generating normal variables", SIAM
Review 6, 1964.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spikeoff.numerics.elementary import log


def standard_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Numbers of mean 0 and variance 1, the same on every processor."""
    n = math.prod(shape)
    found = np.zeros(0)
    while len(found) < n:
        x, y = 2.0 * generator.random((2, max(1, n - len(found)))) - 1.0
        s = x * x + y * y
        inside = (s > 0.0) & (s < 1.0)
        x, y, s = x[inside], y[inside], s[inside]
        factor = np.sqrt(-2.0 * log(s) / s)
        found = np.concatenate([found, x * factor, y * factor])
    return found[:n].reshape(shape)
