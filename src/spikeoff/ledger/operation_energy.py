"""Energy by counting operations: an estimate from a table of what each operation costs.

    synapses = MACs (multiply + add) + ACs add
    neurons  = updates x (multiplications, additions, divisions of one update)
    memory   = a 32-bit weight an operation, from the smallest memory that holds all weights, and
               each update's state read and written in the smallest memory of all

A weight that is used many times an image, as in a convolution, is taken to be fetched each time.
What activations and addressing cost is left out, and so is all that a chip draws while it waits.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import NoneType
from typing import Any

from spikeoff.errors import UserError, one_line
from spikeoff.files import read_toml
from spikeoff.neurons.cost import UpdateCost

MAX_FIGURE = 1e30
WORD_SHARE = 0.5
"""A 32-bit word's share of a 64-bit access."""


@dataclass(frozen=True)
class Memory:
    """A memory: its size in bytes (infinite for the last), and pJ an access of 64 bits."""

    size: float
    access: float


@dataclass(frozen=True)
class EnergyTable:
    """What operations cost on a chip (pJ)."""

    name: str
    source: str
    multiply: float
    add: float
    divide: float
    memories: tuple[Memory, ...]

    def word(self, held_bytes: float) -> float:
        """pJ to move a 32-bit word of so many bytes held together."""
        fitting = next(memory for memory in self.memories if held_bytes <= memory.size)
        return WORD_SHARE * fitting.access


@dataclass(frozen=True)
class ImageEnergy:
    """An image's inference (pJ); ``neurons`` is None where the cost of an update is not known."""

    synapses: float
    neurons: float | None
    memory: float

    @property
    def computing(self) -> float:
        """Without memory traffic."""
        return self.synapses + (self.neurons or 0.0)

    @property
    def total(self) -> float:
        """With it."""
        return self.computing + self.memory


def image_energy(
    table: EnergyTable,
    *,
    macs: float,
    acs: float,
    updates: float,
    update: UpdateCost | None,
    weight_bytes: float,
) -> ImageEnergy:
    """The energy of so many operations."""
    neurons = 0.0 if not updates else None
    memory = (macs + acs) * table.word(weight_bytes)
    if update is not None:
        arithmetic = update.arithmetic
        neurons = updates * (
            arithmetic.multiplications * table.multiply
            + arithmetic.additions * table.add
            + arithmetic.divisions * table.divide
        )
        memory += updates * 2 * update.words * table.word(0)
    return ImageEnergy(macs * (table.multiply + table.add) + acs * table.add, neurons, memory)


def load_table(path: Path | None = None) -> EnergyTable:
    """The table in a TOML file; without one, that of 45 nm CMOS.

    Raises:
        UserError: the file cannot be read, or a figure in it is missing or breaks a rule.
    """
    if path is None:
        packaged = resources.files("spikeoff.ledger") / "tables" / "cmos_45nm.toml"
        return _table(tomllib.loads(packaged.read_text(encoding="utf-8")), Path("cmos_45nm.toml"))
    return _table(read_toml(path), path)


def _table(content: dict[str, Any], path: Path) -> EnergyTable:
    memories = content.get("memory")
    if not isinstance(memories, list) or not all(isinstance(m, dict) for m in memories):
        raise UserError(f"{path}: [[memory]] is missing; give at least one, without bytes")
    levels = [
        Memory(
            _figure(memory, "bytes", path) if "bytes" in memory else math.inf,
            _figure(memory, "pj_per_64_bits", path),
        )
        for memory in memories
    ]
    sizes = [level.size for level in levels]
    if not sizes or sizes != sorted(set(sizes)) or sizes[-1] != math.inf:
        raise UserError(
            f"{path}: [[memory]] must go from small to large, and the last must have no bytes"
        )
    names = {key: content.get(key) for key in ("name", "source")}
    for key, value in names.items():
        if not isinstance(value, str) or not value.strip():
            raise UserError(f"{path}: `{key}` is missing; a table says what it is and where from")
    return EnergyTable(
        str(names["name"]), str(names["source"]), _figure(content, "multiply_pj", path),
        _figure(content, "add_pj", path), _figure(content, "divide_pj", path), tuple(levels),
    )  # fmt: skip


def _figure(content: dict[str, Any], key: str, path: Path) -> float:
    value = content.get(key)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < (value or 0) <= MAX_FIGURE:
        shown = str(value) if isinstance(value, (str, float, NoneType)) else type(value).__name__
        raise UserError(
            f"{path}: `{key}` (={one_line(ValueError(shown), 60)}) must be a number above 0, and "
            f"at most {MAX_FIGURE:g}"
        )
    return float(value or 0)
