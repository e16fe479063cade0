"""Sums in vector registers against NumPy, and tables cut into tiles and put together again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spikeoff.kernels import tiles
from spikeoff.kernels.jit import serial_kernel


@serial_kernel
def sum_kernel(
    out: Any, base: Any, table: Any, chosen: Any, start: Any, middle: Any, stop: Any
) -> None:
    tiles.sum_rows(out, base, table, chosen, start, middle, stop)


@serial_kernel
def weigh_kernel(
    out: Any, base: Any, table: Any, chosen: Any, values: Any, start: Any, stop: Any
) -> None:
    tiles.weigh_rows(out, base, table, chosen, values, start, stop)


@settings(max_examples=40, deadline=None)
@given(
    double=st.booleans(),
    index=st.sampled_from([np.uint16, np.uint32]),
    wider=st.integers(0, 5),
    cuts=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    seed=st.integers(0, 1000),
)
def test_sums_are_numpys(double: bool, index: Any, wider: int, cuts: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    start, middle, stop = sorted(cuts)
    dtype: Any = np.float64 if double else np.float32
    width = tiles.TILE_BYTES // np.dtype(dtype).itemsize
    table: NDArray[Any] = rng.standard_normal((20, width + wider)).astype(dtype)
    chosen = rng.integers(0, 20, 30).astype(index)
    base: NDArray[Any] = rng.standard_normal(width).astype(dtype)
    values: NDArray[Any] = rng.standard_normal(30).astype(dtype)
    out = np.empty(width + 3, dtype)
    out[width:] = 7
    rows = table[chosen, :width].astype(np.float64)

    sum_kernel(out, base, table, chosen, start, middle, stop)
    expected = base + rows[start:middle].sum(axis=0) - rows[middle:stop].sum(axis=0)
    tolerance = 1e-13 if double else 1e-5
    np.testing.assert_allclose(out[:width], expected, rtol=tolerance, atol=tolerance * 10)

    weigh_kernel(out, base, table, chosen, values, start, stop)
    expected = base + values[start:stop].astype(np.float64) @ rows[start:stop]
    np.testing.assert_allclose(out[:width], expected, rtol=tolerance, atol=tolerance * 10)
    assert (out[width:] == 7).all()


def test_a_sum_may_be_its_own_base() -> None:
    out, table = np.ones(64, np.float32), np.full((3, 64), 2, np.float32)
    sum_kernel(out, out, table, np.array([0, 2, 1], np.uint16), 0, 3, 3)
    assert (out == 7).all()


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 4), steps=st.integers(1, 6), columns=st.integers(1, 150))
def test_blocks_hold_a_table_tile_by_tile(n: int, steps: int, columns: int) -> None:
    table = np.arange(n * steps * columns, dtype=np.float64).reshape(n * steps, columns)
    blocks = tiles.blocks_of(table, n)
    lanes = tiles.lanes(table)
    assert blocks.shape == (n, -(-columns // lanes), steps, lanes)
    assert blocks.flags.c_contiguous
    np.testing.assert_array_equal(tiles.untiled(blocks, steps, columns).reshape(-1, columns), table)
    assert blocks.sum() == table.sum()  # what fills the last tile is 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tiles_begin_at_a_cache_line(dtype: Any) -> None:
    for rows in (1, 3, 10):
        table = tiles.aligned(
            rows, tiles.TILE_BYTES // np.dtype(dtype).itemsize, np.empty(0, dtype)
        )
        assert table.ctypes.data % tiles.LINE_BYTES == 0
        assert table.dtype == dtype
        assert table.flags.c_contiguous
