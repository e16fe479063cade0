"""Exponential, logarithm and the like as equations call them: of the system, or our own.

By default they are those of Python's ``math`` for single numbers and NumPy's for arrays. In strict
mode they are those of ``numerics.elementary``, in float64. Kernels call them by the same names
(``kernels.elementary_functions``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.numerics import elementary
from spikeoff.numerics.mode import is_strict


def exp(x: Any) -> Any:
    """e^x of a number or of an array."""
    if is_strict():
        return elementary.exp(_double(x))
    return np.exp(x) if isinstance(x, np.ndarray) else math.exp(x)


def expm1(x: Any) -> Any:
    """e^x - 1; in strict mode with the absolute error of e^x."""
    if is_strict():
        return elementary.exp(_double(x)) - 1.0
    return np.expm1(x) if isinstance(x, np.ndarray) else math.expm1(x)


def log(x: Any) -> Any:
    """ln x of a number or of an array."""
    if is_strict():
        return elementary.log(_double(x))
    return np.log(x) if isinstance(x, np.ndarray) else math.log(x)


def log1p(x: Any) -> Any:
    """ln(1 + x) of a number."""
    return elementary.log1p(float(x)) if is_strict() else math.log1p(x)


def sin(x: Any) -> Any:
    """The sine of a number from -pi to pi."""
    return elementary.sin(float(x)) if is_strict() else math.sin(x)


def cos(x: Any) -> Any:
    """The cosine of a number from -pi to pi."""
    return elementary.cos(float(x)) if is_strict() else math.cos(x)


def power(x: Any, n: Any) -> Any:
    """x^n of numbers, n a whole number of 0 or more."""
    return elementary.power(float(x), int(n)) if is_strict() else x**n


def _double(x: Any) -> Any:
    return x.astype(np.float64) if isinstance(x, np.ndarray) else float(x)


def total(values: NDArray[np.float64]) -> float:
    """The sum of a few numbers; in strict mode the exact sum, rounded once."""
    return math.fsum(values) if is_strict() else float(values.sum())
