"""Sums of table rows, held in the processor's vector registers while they are made.

A compiler that is left to itself loads and stores the running sum for every few rows. Here a row is
cut into tiles of ``TILE_BYTES``, few enough for the registers of any processor with vectors of 16
bytes or more, and a sum leaves the registers once, when it is complete. That is
written in LLVM's own vectors, since neither NumPy's nor Numba's language has them; LLVM turns them
into whichever instructions the processor has.

Rows of a table are best laid tile by tile, each at an aligned address (``tiled``, ``aligned``): a
vector that crosses a cache line takes two loads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from spikeoff.kernels.jit import jitable, llvm

TILE_BYTES = 256
LINE_BYTES = 64


def lanes(array: NDArray[Any]) -> int:
    """Numbers in a tile."""
    return TILE_BYTES // array.itemsize


def _sum_rows(
    out: Any, base: Any, table: Any, chosen: Any, start: int, middle: int, stop: int
) -> None:
    """``sum_rows`` in Python."""
    width = lanes(out)
    total = base[:width].copy()
    for k in range(start, middle):
        total += table[chosen[k], :width]
    for k in range(middle, stop):
        total -= table[chosen[k], :width]
    out[:width] = total


def _weigh_rows(
    out: Any, base: Any, table: Any, chosen: Any, values: Any, start: int, stop: int
) -> None:
    """``weigh_rows`` in Python."""
    width = lanes(out)
    total = base[:width].copy()
    for k in range(start, stop):
        total += values[k] * table[chosen[k], :width]
    out[:width] = total


@llvm(lanes)
def tile_width(typing: Any, array: Any) -> Any:
    """``lanes`` of an array as a constant: a loop of known length becomes vectors, and no rest."""
    del typing

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        del builder, values
        width = TILE_BYTES // (signature.args[0].dtype.bitwidth // 8)
        return context.get_constant(types.intp, width)

    return types.intp(array), build


@llvm(_sum_rows)
def sum_rows(
    typing: Any, out: Any, base: Any, table: Any, chosen: Any, start: Any, middle: Any, stop: Any
) -> Any:
    """A tile's sum: base, and the rows chosen from start to middle, less those up to stop.

    out[:lanes] = base[:lanes] + sum of table[chosen[k], :lanes] over start <= k < middle
                               - sum of table[chosen[k], :lanes] over middle <= k < stop

    Args:
        typing: Numba's.
        out: contiguous, at least a tile long; may be ``base``.
        base: likewise.
        table: [rows, at least a tile], its rows contiguous.
        chosen: contiguous unsigned integers of at most 32 bits.
        start, middle, stop: int64.
    """
    del typing, start, middle, stop
    places = types.int64, types.int64, types.int64
    return types.void(out, base, table, chosen, *places), _build_sum


@llvm(_weigh_rows)
def weigh_rows(
    typing: Any, out: Any, base: Any, table: Any, chosen: Any, values: Any, start: Any, stop: Any
) -> Any:
    """A tile's weighted sum: base, and the rows chosen from start to stop, each times its value.

    out[:lanes] = base[:lanes] + sum of values[k] * table[chosen[k], :lanes] over start <= k < stop

    Args as those of ``sum_rows``; values are contiguous, in the precision of the table.
    """
    del typing, start, stop
    places = types.int64, types.int64
    return types.void(out, base, table, chosen, values, *places), _build_weighted_sum


def aligned(rows: Any, width: Any, like: Any) -> Any:
    """[rows, width] of unset numbers of the type of ``like``, from the start of a cache line on."""
    size = like.itemsize
    buffer = np.empty(rows * width + LINE_BYTES // size, like.dtype)
    ahead = (-buffer.ctypes.data % LINE_BYTES) // size
    return buffer[ahead : ahead + rows * width].reshape(rows, width)


jitable(aligned)


def tiled(table: NDArray[Any]) -> NDArray[Any]:
    """[tiles, rows, lanes] of a [rows, columns] table, the last tile filled up with 0."""
    rows, columns = table.shape
    width = lanes(table)
    tiles = -(-columns // width)
    out: NDArray[Any] = aligned(tiles * rows, width, table).reshape(tiles, rows, width)
    whole = columns // width
    parts = table[:, : whole * width].reshape(rows, whole, width)
    out[:whole] = parts.transpose(1, 0, 2)
    if whole < tiles:
        out[whole] = 0
        out[whole, :, : columns - whole * width] = table[:, whole * width :]
    return out


def blocks_of(table: NDArray[Any], n: int) -> NDArray[Any]:
    """[n, tiles, steps, lanes] of [n * steps, columns], the last tile filled up with 0."""
    tiles = tiled(table)
    by_example = tiles.reshape(len(tiles), n, -1, tiles.shape[2]).swapaxes(0, 1)
    return np.ascontiguousarray(by_example)


def untiled(blocks: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """[n, rows, columns] of [n, tiles, rows or more, lanes]."""
    turned = blocks[:, :, :rows].transpose(0, 2, 1, 3)
    return np.ascontiguousarray(turned.reshape(len(blocks), rows, -1)[:, :, :columns])


class _Tiles:
    """Writes the LLVM code of a loop over rows of a table that leaves its sum in registers."""

    def __init__(self, context: Any, builder: Any, kinds: Any, values: Any) -> None:
        self.builder = builder
        self.out, self.base, self.table, self.chosen, *others = (
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(kinds, values, strict=True)
        )
        self.values = others[0] if others else None
        # Numba adds its own flags to operations that have none, if there are any to add.
        self.flags = ("contract",) if context.fastmath else ()
        number = kinds[0].dtype
        self.size = number.bitwidth // 8
        self.vector = ir.VectorType(context.get_value_type(number), TILE_BYTES // self.size)
        self.stride = builder.extract_value(self.table.strides, 0)

    def begin(self) -> Any:
        """The tile of the base."""
        return self._load(self.base.data)

    def add(self, total: Any, begin: Any, end: Any, operation: str) -> Any:
        """``total`` changed by the rows chosen from ``begin`` to ``end``."""
        builder, entry = self.builder, self.builder.block
        loop, done = (builder.append_basic_block(name) for name in ("rows", "done"))
        builder.cbranch(builder.icmp_signed("<", begin, end), loop, done)
        builder.position_at_end(loop)
        k, before = builder.phi(begin.type), builder.phi(self.vector)
        after = getattr(builder, operation)(before, self._row(k), flags=self.flags)
        following = builder.add(k, ir.Constant(begin.type, 1))
        for phi, first, next_one in ((k, begin, following), (before, total, after)):
            phi.add_incoming(first, entry)
            phi.add_incoming(next_one, loop)
        builder.cbranch(builder.icmp_signed("<", following, end), loop, done)
        builder.position_at_end(done)
        result = builder.phi(self.vector)
        result.add_incoming(total, entry)
        result.add_incoming(after, loop)
        return result

    def end(self, total: Any) -> None:
        """Store the sum."""
        target = self.builder.bitcast(self.out.data, self.vector.as_pointer())
        self.builder.store(total, target, align=self.size)

    def _load(self, address: Any) -> Any:
        pointer = self.builder.bitcast(address, self.vector.as_pointer())
        return self.builder.load(pointer, align=self.size)

    def _row(self, k: Any) -> Any:
        """The k-th chosen row, times its value if there are values."""
        builder = self.builder
        number = builder.zext(builder.load(builder.gep(self.chosen.data, [k])), k.type)
        rows = builder.bitcast(self.table.data, ir.IntType(8).as_pointer())
        row = self._load(builder.gep(rows, [builder.mul(number, self.stride)]))
        if self.values is None:
            return row
        value = builder.load(builder.gep(self.values.data, [k]))
        first = builder.insert_element(
            ir.Constant(self.vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
        )
        order = ir.Constant(ir.VectorType(ir.IntType(32), self.vector.count), None)
        every = builder.shuffle_vector(first, first, order)
        return builder.fmul(row, every, flags=self.flags)


def _build_sum(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    """The LLVM code of ``sum_rows``."""
    tiles = _Tiles(context, builder, signature.args[:4], values[:4])
    start, middle, stop = values[4:]
    total = tiles.add(tiles.begin(), start, middle, "fadd")
    tiles.end(tiles.add(total, middle, stop, "fsub"))
    return context.get_dummy_value()


def _build_weighted_sum(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    """The LLVM code of ``weigh_rows``."""
    tiles = _Tiles(context, builder, signature.args[:5], values[:5])
    start, stop = values[5:]
    tiles.end(tiles.add(tiles.begin(), start, stop, "fadd"))
    return context.get_dummy_value()
