"""How this project compiles with Triton: plain arithmetic taken as it is, and where it can run.

A kernel may call compiled functions alone, and read global numbers only where they are marked as
constants. ``translated`` makes such a function of a plain one: the same source, in which the names
of other plain functions, of numbers, of ``abs`` and of ``neurons.elementwise`` mean what Triton
takes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import triton
import triton.language as tl

from spikeoff.neurons import elementwise

EXACT: dict[str, Any] = {"enable_fp_fusion": False}
"""Every product is rounded, as PyTorch rounds it: spikes are those of autograd on the device. What
limits these kernels is memory, so it costs no time."""


def kernel(*varying: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile a kernel, once for all values of those of its numbers that are named."""
    return lambda function: triton.jit(function, do_not_specialize=varying)


@kernel()
def _absolute(x: tl.tensor) -> tl.tensor:
    return tl.abs(x)


@kernel()
def _at_least(x: tl.tensor, low: tl.tensor) -> tl.tensor:
    return tl.maximum(x, low)


@kernel()
def _at_most(x: tl.tensor, high: tl.tensor) -> tl.tensor:
    return tl.minimum(x, high)


@kernel()
def _select(condition: tl.tensor, a: tl.tensor, b: tl.tensor) -> tl.tensor:
    return tl.where(condition, a, b)


KNOWN: dict[Any, Any] = {
    abs: _absolute,
    elementwise.at_least: _at_least,
    elementwise.at_most: _at_most,
    elementwise.select: _select,
}
"""What Triton has in the place of functions that are not plain arithmetic."""


@cache
def translated(function: Callable[..., Any]) -> Any:
    """A plain arithmetic function, and those that it calls, as kernels may call it."""
    assert isinstance(function, FunctionType)
    # Triton reads annotations too, and its interpreter looks for the name ``tl``.
    meaning = {**function.__globals__, "tl": tl, "Any": tl.tensor}
    for name in function.__code__.co_names:
        value = meaning.get(name, abs if name == "abs" else None)
        if value in KNOWN:
            meaning[name] = KNOWN[value]
        elif isinstance(value, FunctionType):
            meaning[name] = translated(value)
        elif isinstance(value, int | float):
            meaning[name] = tl.constexpr(value)
    plain = FunctionType(function.__code__, meaning, function.__name__, function.__defaults__)
    plain.__module__ = function.__module__
    plain.__annotations__ = function.__annotations__
    return triton.jit(plain)
