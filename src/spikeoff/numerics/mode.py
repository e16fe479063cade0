"""Strict mode: the same bits on every processor.

Processors, and the libraries that choose code for them, differ in three ways: whether a product and
a sum are rounded once (fused multiply-add) or twice, in which order sums are added up, and how
exponentials and logarithms are rounded. In strict mode, kernels and equations leave no such choice:
each operation is one of IEEE 754 (``+ - * /`` and square root), rounded by itself, in the order in
which it is written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar, cast

_STRICT = ContextVar("strict", default=False)


def is_strict() -> bool:
    """Whether this thread computes in strict mode."""
    return _STRICT.get()


@contextmanager
def strictly(strict: bool) -> Iterator[None]:
    """Compute in strict mode, or not, within; in this thread only."""
    token = _STRICT.set(strict)
    try:
        yield
    finally:
        _STRICT.reset(token)


P = ParamSpec("P")
R = TypeVar("R")
Method = TypeVar("Method", bound=Callable[..., Any])


def in_its_mode(method: Method) -> Method:
    """A method that computes in the mode that the configuration of its object names."""

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        with strictly(self.config.strict):
            return method(self, *args, **kwargs)

    return cast(Method, wrapped)


def in_this_mode(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which computes in the mode of the present thread, whichever calls it."""
    strict = is_strict()

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with strictly(strict):
            return function(*args, **kwargs)

    return wrapped
