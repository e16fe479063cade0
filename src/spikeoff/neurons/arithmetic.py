"""Counts the operations of an equation by computing it with numbers that count.

Equations are plain arithmetic, so what PyTorch and Numba compute can be handed such numbers too,
and the count is that of the equation itself, not of somebody's reading of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any


@dataclass(frozen=True)
class Arithmetic:
    """Operations on 32-bit numbers; a comparison counts as the addition that it needs."""

    multiplications: int
    additions: int
    divisions: int


class _Tally:
    def __init__(self) -> None:
        self.multiplications = self.additions = self.divisions = 0


class _Counted:
    """A number that tells a tally of every operation that it takes part in."""

    def __init__(self, value: float, tally: _Tally) -> None:
        self._value, self._tally = value, tally

    def _new(self, value: float) -> _Counted:
        return _Counted(value, self._tally)

    def __add__(self, other: Any) -> _Counted:
        self._tally.additions += 1
        return self._new(self._value + _plain(other))

    def __sub__(self, other: Any) -> _Counted:
        self._tally.additions += 1
        return self._new(self._value - _plain(other))

    def __rsub__(self, other: Any) -> _Counted:
        self._tally.additions += 1
        return self._new(_plain(other) - self._value)

    def __mul__(self, other: Any) -> _Counted:
        self._tally.multiplications += 1
        return self._new(self._value * _plain(other))

    def __truediv__(self, other: Any) -> _Counted:
        self._tally.divisions += 1
        return self._new(self._value / _plain(other))

    def __rtruediv__(self, other: Any) -> _Counted:
        self._tally.divisions += 1
        return self._new(_plain(other) / self._value)

    def __gt__(self, other: Any) -> bool:
        self._tally.additions += 1
        return bool(self._value > _plain(other))

    def __ge__(self, other: Any) -> bool:
        self._tally.additions += 1
        return bool(self._value >= _plain(other))

    def __lt__(self, other: Any) -> bool:
        self._tally.additions += 1
        return bool(self._value < _plain(other))

    __radd__, __rmul__ = __add__, __mul__


def _plain(value: Any) -> float:
    return value._value if isinstance(value, _Counted) else float(value)


def count(equation: Callable[..., Any]) -> Arithmetic:
    """Operations of ``equation`` on its arguments, all 1; other numbers in it are constants."""
    tally = _Tally()
    equation(*(_Counted(1.0, tally) for _ in signature(equation).parameters))
    return Arithmetic(tally.multiplications, tally.additions, tally.divisions)
