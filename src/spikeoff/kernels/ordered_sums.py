"""Products of matrices and sums, term by term in one order, for strict mode.

Libraries for linear algebra choose the order by the processor and the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.jit import serial_kernel
from spikeoff.numerics.mode import is_strict


def product(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """a @ b: [n, m] x [m, k] -> [n, k]; in strict mode each sum goes through m in its order."""
    if not is_strict():
        found: NDArray[Any] = a @ b
        return found
    out = np.zeros((len(a), b.shape[1]), np.result_type(a, b))
    _add_products(np.ascontiguousarray(a), np.ascontiguousarray(b), out)
    return out


def sum_along(table: NDArray[Any], axis: int) -> NDArray[Any]:
    """The sum of a matrix along an axis; in strict mode term by term."""
    if is_strict():
        return sum_of_rows(table if axis == 0 else table.T)
    found: NDArray[Any] = table.sum(axis=axis)
    return found


def sum_of_rows(table: NDArray[Any]) -> NDArray[Any]:
    """[columns] the sums over the rows of [rows, columns], row after row."""
    out = np.zeros(table.shape[1], table.dtype)
    _add_rows(np.ascontiguousarray(table), out)
    return out


def sum_of_squares(values: NDArray[Any]) -> float:
    """The sum of squares over all places, one after the other, in float64."""
    return float(_add_squares(np.ascontiguousarray(values).reshape(-1)))


@serial_kernel
def _add_products(a: Any, b: Any, out: Any) -> None:
    """Add a @ b to ``out``, in place."""
    for row in range(len(a)):
        for k in range(len(b)):
            value = a[row, k]
            if value != 0:
                for column in range(b.shape[1]):
                    out[row, column] += value * b[k, column]


@serial_kernel
def _add_rows(table: Any, out: Any) -> None:
    """Add all rows to ``out``, in place."""
    for row in range(len(table)):
        for column in range(len(out)):
            out[column] += table[row, column]


@serial_kernel
def _add_squares(values: Any) -> float:
    total = 0.0
    for k in range(len(values)):
        value = np.float64(values[k])
        total += value * value
    return total
