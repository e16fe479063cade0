"""Exponential, logarithm and the like inside Numba kernels (``numerics.functions``).

Which it is, the system's or our own, follows from the mode in which a kernel is compiled.
"""

# ruff: noqa: PLW0108 (overloads have the arguments of what they stand for)
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba.extending import overload

from spikeoff.kernels.jit import OPTIONS, jitable
from spikeoff.numerics import elementary, functions
from spikeoff.numerics.mode import is_strict

jitable(
    elementary.exp, elementary.log, elementary.log1p, elementary.sin, elementary.cos,
    elementary.power, elementary._reduced, elementary._sin_near_0, elementary._cos_near_0,
)  # fmt: skip


def _chosen(plain: Any, own: Any) -> Any:
    """What an overload takes: ``own`` in strict mode, else ``plain``."""

    def choose(x: Any) -> Any:
        del x
        return own if is_strict() else plain

    return choose


for _function, _plain, _own in (
    (functions.exp, lambda x: math.exp(x), lambda x: elementary.exp(np.float64(x))),
    (functions.log, lambda x: math.log(x), lambda x: elementary.log(np.float64(x))),
    (functions.log1p, lambda x: math.log1p(x), lambda x: elementary.log1p(np.float64(x))),
    (functions.sin, lambda x: math.sin(x), lambda x: elementary.sin(np.float64(x))),
    (functions.cos, lambda x: math.cos(x), lambda x: elementary.cos(np.float64(x))),
    (elementary.whole, lambda x: math.floor(x), lambda x: math.floor(x)),
    (elementary.split, lambda x: math.frexp(x), lambda x: math.frexp(x)),
):
    overload(_function, jit_options=OPTIONS, strict=False)(_chosen(_plain, _own))


@overload(functions.power, jit_options=OPTIONS, strict=False)
def _power(x: Any, n: Any) -> Any:
    del x, n
    return (lambda x, n: elementary.power(x, n)) if is_strict() else (lambda x, n: x**n)


@overload(elementary.scaled, jit_options=OPTIONS, strict=False)
def _scaled(x: Any, k: Any) -> Any:
    del x, k
    return lambda x, k: math.ldexp(x, k)


@overload(elementary.at_least, jit_options=OPTIONS, strict=False)
def _at_least(x: Any, low: Any) -> Any:
    del x, low
    return lambda x, low: max(x, low)
