"""Rows of numbers, copied and added up inside kernels.

NumPy's assignments check shapes, and Numba takes 2 s in every process to compile what they would
say of two that differ. These trust their callers: ``out`` has at least as many places.
"""

from __future__ import annotations

from typing import Any

from spikeoff.kernels.jit import no_refcount_kernel


@no_refcount_kernel
def copy_row(row: Any, out: Any) -> None:
    """out[k] = row[k]."""
    for k in range(len(row)):
        out[k] = row[k]


@no_refcount_kernel
def add_row(row: Any, out: Any) -> None:
    """out[k] += row[k]."""
    for k in range(len(row)):
        out[k] += row[k]
