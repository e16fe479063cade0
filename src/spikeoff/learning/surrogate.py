"""Surrogate derivatives: what stands in for the derivative of a spike.

A spike is a step of x = v - v_peak, whose derivative is zero almost everywhere. In the backward
pass one of these takes its place; each is 1 at x = 0 and falls with |x| over ``width`` (mV):

    fast_sigmoid   1 / (1 + |x|/width)^2     F. Zenke and S. Ganguli, Neural Computation 30, 2018
    arctan         1 / (1 + (x/width)^2)     W. Fang et al., ICCV 2021
    triangle       max(0, 1 - |x|/width)     S. K. Esser et al., PNAS 113, 2016

Plain arithmetic without literals, for PyTorch and Numba alike.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

Surrogate = Literal["fast_sigmoid", "arctan", "triangle"]

FAST_SIGMOID, ARCTAN, TRIANGLE = range(3)


def code(name: Surrogate) -> int:
    """The number by which kernels know the surrogate."""
    return get_args(Surrogate).index(name)


def fast_sigmoid(x: Any, width: Any) -> Any:
    """1 / (1 + |x|/width)^2; x and width in mV."""
    ratio = width / (width + abs(x))
    return ratio * ratio


def arctan(x: Any, width: Any) -> Any:
    """1 / (1 + (x/width)^2); x and width in mV."""
    return width * width / (width * width + x * x)


def triangle(x: Any, width: Any) -> Any:
    """max(0, 1 - |x|/width); x and width in mV."""
    inside = width - abs(x)
    return (inside + abs(inside)) / (width + width)
