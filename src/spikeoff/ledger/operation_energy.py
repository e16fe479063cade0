"""Energy by counting operations: an estimate from a table of what each operation costs.

    synapses = MACs (multiply + add) + ACs add
    neurons  = updates x (multiplications, additions, divisions of one update)
    extras   = biases add + products of the read-out (multiply + add)
    memory   = a 32-bit weight per operation, bias and product, from the memory that holds them all,
               the index of pruned weights, and each update's state read and written

A stepped table takes the smallest memory that holds so many bytes, and the smallest of all for the
state. An interpolated one rises linearly from 0 through its memories and then stays: a network of
any size costs about as much as one a little larger. A weight that is used many times per image, as
in a convolution, is taken to be fetched each time. What activations and addressing cost is left
out, and so is all that a chip draws while it waits; ``energy_models`` has models with these.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import NoneType
from typing import Any

from spikeoff.errors import UserError, one_line
from spikeoff.files import read_toml
from spikeoff.neurons.cost import UpdateCost

MAX_FIGURE = 1e30

DEFAULT, STEPPED = "cmos_45nm_smooth.toml", "cmos_45nm.toml"
"""The packaged tables."""

WORD_SHARE = 0.5
"""A 32-bit word's share of a 64-bit access."""


@dataclass(frozen=True)
class Memory:
    """A memory: its size in bytes (infinite for the last), and pJ an access of 64 bits."""

    size: float
    access: float


@dataclass(frozen=True)
class EnergyTable:
    """What operations cost on a chip (pJ).

    interpolated: whether the price of an access rises linearly between the memories, without steps.
    """

    name: str
    source: str
    multiply: float
    add: float
    divide: float
    memories: tuple[Memory, ...]
    interpolated: bool = False

    def word(self, held_bytes: float) -> float:
        """pJ to move a 32-bit word of so many bytes held together."""
        if not self.interpolated:
            fitting = next(memory for memory in self.memories if held_bytes <= memory.size)
            return WORD_SHARE * fitting.access
        smaller = Memory(0.0, 0.0)
        for memory in self.memories:
            if held_bytes <= memory.size < math.inf:
                share = (held_bytes - smaller.size) / (memory.size - smaller.size)
                return WORD_SHARE * (smaller.access + share * (memory.access - smaller.access))
            smaller = memory
        return WORD_SHARE * smaller.access

    def state_word(self, held_bytes: float) -> float:
        """The same for the neurons' state, which a stepped table keeps in its smallest memory."""
        if self.interpolated:
            return self.word(held_bytes)
        return WORD_SHARE * self.memories[0].access


@dataclass(frozen=True)
class ImageEnergy:
    """An image's inference (pJ); ``neurons`` is None where the cost of an update is not known.

    extras: biases and the read-out, without their memory.
    """

    synapses: float
    neurons: float | None
    memory: float
    extras: float = 0.0

    @property
    def computing(self) -> float:
        """Without memory traffic."""
        return self.synapses + (self.neurons or 0.0) + self.extras

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
    state_bytes: float = 0.0,
    biases: float = 0.0,
    readout: float = 0.0,
    index_words: float = 0.0,
) -> ImageEnergy:
    """The energy of so many operations, with so many bytes of weights and of neurons' state.

    An index beside the weights counts among their bytes, and ``index_words`` of it are read.
    """
    neurons = 0.0 if not updates else None
    memory = (macs + acs + biases + readout + index_words) * table.word(weight_bytes)
    if update is not None:
        arithmetic = update.arithmetic
        neurons = updates * (
            arithmetic.multiplications * table.multiply
            + arithmetic.additions * table.add
            + arithmetic.divisions * table.divide
        )
        memory += updates * 2 * update.words * table.state_word(state_bytes)
    mac = table.multiply + table.add
    extras = biases * table.add + readout * mac
    return ImageEnergy(macs * mac + acs * table.add, neurons, memory, extras)


def load_table(path: Path | None = None) -> EnergyTable:
    """The table in a TOML file; without one, 45 nm CMOS with an interpolated memory.

    Raises:
        UserError: the file cannot be read, or a figure in it is missing or breaks a rule.
    """
    return _packaged(DEFAULT) if path is None else _table(read_toml(path), path)


def stepped_table() -> EnergyTable:
    """45 nm CMOS with the memories of the source, up to DRAM."""
    return _packaged(STEPPED)


@cache
def _packaged(name: str) -> EnergyTable:
    packaged = resources.files("spikeoff.ledger") / "tables" / name
    return _table(tomllib.loads(packaged.read_text(encoding="utf-8")), Path(name))


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
    interpolated = content.get("interpolated", False)
    if not isinstance(interpolated, bool):
        raise UserError(f"{path}: `interpolated` must be true or false")
    names = {key: content.get(key) for key in ("name", "source")}
    for key, value in names.items():
        if not isinstance(value, str) or not value.strip():
            raise UserError(f"{path}: `{key}` is missing; a table says what it is and where from")
    return EnergyTable(
        str(names["name"]), str(names["source"]), _figure(content, "multiply_pj", path),
        _figure(content, "add_pj", path), _figure(content, "divide_pj", path), tuple(levels),
        interpolated,
    )  # fmt: skip


def _figure(content: dict[str, Any], key: str, path: Path) -> float:
    value: Any = content.get(key)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and 0 < value <= MAX_FIGURE:
        return float(value)
    shown = str(value) if number or isinstance(value, str | NoneType) else type(value).__name__
    raise UserError(
        f"{path}: `{key}` (={one_line(ValueError(shown), 60)}) must be a number above 0, and "
        f"at most {MAX_FIGURE:g}"
    )
