"""The connections of the Diehl & Cook network: their files, and their initial weights.

Names are those of the published code: X the input, A the layer, e excitatory, i inhibitory;
``XeAi`` leads from the input to the layer's inhibitory neurons.

Source: P. U. Diehl and M. Cook, "Unsupervised learning of digit recognition using
spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9:99, 2015, and the
generator of initial weights in its code.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.base import MAX_SEED, require
from spikeoff.data import MNIST
from spikeoff.data.npy import MAX_HEADER, read_array, write_array
from spikeoff.errors import UserError
from spikeoff.files import MAX_BYTES

NAMES = ("XeAe", "XeAi", "AeAi", "AiAe")

WEIGHT = {"XeAe": 0.3, "XeAi": 0.2, "AeAi": 10.4, "AiAe": 17.0}
"""What a weight is, or what a uniform draw from [0, 1) is multiplied by; the generator's values."""

OFFSET = 0.01
"""Added to the draws of XeAe before the multiplication, so that none of its weights is zero."""

SHARE = {"XeAe": 1.0, "XeAi": 0.1, "AeAi": 0.0025, "AiAe": 0.9}
"""Share of pairs that have a synapse, where the layer is not paired; the generator's values."""

MIN_NEURONS = 2
"""A neuron alone has none to inhibit."""

MAX_NEURONS = 20_000

ROW_BYTES = 3 * 8
"""A row of the list form: source, target and weight as float64."""


@dataclass(frozen=True)
class Connection:
    """Weights [n_source, n_target] and which synapses exist; weights of the others are zero."""

    weights: NDArray[np.float64]
    present: NDArray[np.bool_]


def read_connection(
    path: Path, shape: tuple[int, int], *, complete: bool = False
) -> NDArray[np.float64]:
    """The weights in a file of the list form, dense: [n_source, n_target], absent synapses 0.

    The list form is an array [n, 3] of rows (source, target, weight), in any order.

    Args:
        path: the ``.npy`` file.
        shape: (n_source, n_target).
        complete: every pair must be there. A rule that changes weights would otherwise grow
            synapses that do not exist.

    Raises:
        UserError: the file is no list form, or its synapses break a rule.
    """
    rows = _read_rows(path)
    n_source, n_target = shape
    flat = _indices(rows, 0, n_source, path) * n_target + _indices(rows, 1, n_target, path)
    weights = rows[:, 2]
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        row = int(wrong.argmax())
        raise UserError(
            f"{path}: row {row}: the weight is {weights[row]:.10g}; weights are finite and 0 or "
            "more; write the file again"
        )
    present = np.zeros(n_source * n_target, np.bool_)
    present[flat] = True
    n_present = int(np.count_nonzero(present))
    if n_present < len(flat):
        flat.sort()
        source, target = divmod(int(flat[1:][flat[1:] == flat[:-1]][0]), n_target)
        raise UserError(
            f"{path}: the synapse from {source} to {target} is there twice; "
            "a pair has one at most; write the file again"
        )
    if complete and n_present < present.size:
        source, target = divmod(int(present.argmin()), n_target)
        raise UserError(
            f"{path}: {present.size - n_present} of {present.size} pairs have no synapse, the "
            f"first from {source} to {target}; this connection needs all of {n_source} x "
            f"{n_target}; write the file again, or check the number of neurons"
        )
    dense = np.zeros(n_source * n_target)
    dense[flat] = weights
    return dense.reshape(shape)


def sizes(path: Path) -> tuple[int, int]:
    """The smallest (n_source, n_target) that hold all synapses of a file of the list form.

    Raises:
        UserError: the file is no list form, or names more than ``MAX_NEURONS`` neurons.
    """
    rows = _read_rows(path)
    highest = [int(_indices(rows, column, MAX_NEURONS, path).max()) for column in (0, 1)]
    return highest[0] + 1, highest[1] + 1


def _read_rows(path: Path) -> NDArray[np.float64]:
    """The rows of a file, [n, 3], at least one; not yet judged one by one."""
    array = read_array(path)
    rule = "a connection is a list of rows (source, target, weight)"
    if array.dtype.kind not in "iuf":
        raise UserError(f"{path}: it holds {array.dtype}; {rule}, all numbers")
    if array.size == 0:
        raise UserError(f"{path}: it holds no synapse; {rule}; write the file again")
    if array.ndim != 2 or array.shape[1] != 3:
        raise UserError(f"{path}: its shape is {array.shape}; {rule}: [n, 3]")
    return array.astype(np.float64, copy=False)


def _indices(rows: NDArray[np.float64], column: int, n: int, path: Path) -> NDArray[np.int64]:
    """The sources (column 0) or targets (column 1) of the rows, [n_rows], each from 0 to n - 1."""
    values = rows[:, column]
    wrong = ~((values >= 0) & (values < n) & (values == np.floor(values)))
    if wrong.any():
        row = int(wrong.argmax())
        raise UserError(
            f"{path}: row {row}: the {('source', 'target')[column]} is {values[row]:.10g}; with "
            f"{n} neurons it must be a whole number from 0 to {n - 1}; check the number of "
            "neurons, or write the file again"
        )
    return values.astype(np.int64)


def write_connection(
    path: Path, weights: NDArray[np.float64], present: NDArray[np.bool_] | None = None
) -> None:
    """Write weights [n_source, n_target] in the list form, row by row, whole or not at all.

    Args:
        path: the ``.npy`` file.
        weights: finite and 0 or more.
        present: which synapses exist, of the same shape; all pairs when omitted. A weight of an
            absent synapse is not written, a weight of zero of a present one is.

    Raises:
        UserError: a weight breaks the rule, there is no synapse, or the file cannot be written.
    """
    if present is None:
        flat = np.arange(weights.size)
    elif present.shape == weights.shape:
        flat = np.flatnonzero(present)
    else:
        raise UserError(
            f"{path}: weights are {weights.shape} and synapses {present.shape}; give both one shape"
        )
    if not flat.size:
        raise UserError(f"{path}: there is no synapse to write; a connection has at least one")
    check_size(path, flat.size)
    rows = np.empty((flat.size, 3))
    n_target = weights.shape[1]
    np.floor_divide(flat, n_target, out=rows[:, 0])
    np.remainder(flat, n_target, out=rows[:, 1])
    rows[:, 2] = weights.reshape(-1)[flat]
    if not (np.isfinite(rows[:, 2]) & (rows[:, 2] >= 0)).all():
        raise UserError(f"{path}: not written: every weight must be finite and 0 or more")
    write_array(path, rows)


def check_size(path: Path, n_synapses: int) -> None:
    """Refuse before the memory is taken what could not be read again."""
    if n_synapses * ROW_BYTES + MAX_HEADER > MAX_BYTES:
        raise UserError(
            f"{path}: {n_synapses} synapses make a file of over {MAX_BYTES >> 30} GiB, which is "
            "not read again; take fewer neurons"
        )


def shapes(n_e: int, n_i: int, n_pixels: int = MNIST.n_pixels) -> dict[str, tuple[int, int]]:
    """(n_source, n_target) of every connection, by name."""
    return {
        "XeAe": (n_pixels, n_e),
        "XeAi": (n_pixels, n_i),
        "AeAi": (n_e, n_i),
        "AiAe": (n_i, n_e),
    }


def synapse_count(name: str, n_e: int, n_i: int, n_pixels: int = MNIST.n_pixels) -> int:
    """How many synapses a generated connection has, exactly.

    Raises:
        UserError: the numbers of neurons are out of range, or so small that there would be none.
    """
    rule = f"a whole number from {MIN_NEURONS} to {MAX_NEURONS}"
    for key, value in (("n_e", n_e), ("n_i", n_i)):
        require(key, value, isinstance(value, int) and MIN_NEURONS <= value <= MAX_NEURONS, rule)
    if _paired(name, n_e, n_i):
        return n_e if name == "AeAi" else n_e * (n_e - 1)
    n_source, n_target = shapes(n_e, n_i, n_pixels)[name]
    count = int(n_source * n_target * SHARE[name])
    if not count:
        least = -(-round(1 / SHARE[name]) // n_e)
        raise UserError(
            f"{name} would be empty: {SHARE[name]} of {n_source} x {n_target} pairs is less than "
            f"one synapse; with `n_e` (={n_e}), `n_i` must be at least {least}, or {n_e} itself"
        )
    return count


def _check_seed(seed: int) -> None:
    holds = isinstance(seed, int) and 0 <= seed <= MAX_SEED
    require("seed", seed, holds, f"a whole number from 0 to {MAX_SEED}")


def _paired(name: str, n_e: int, n_i: int) -> bool:
    """Whether each excitatory neuron has an inhibitory one of its own, in this connection."""
    return n_e == n_i and name in ("AeAi", "AiAe")


def draw_pairs(rng: np.random.Generator, shape: tuple[int, int], count: int) -> NDArray[np.bool_]:
    """Exactly ``count`` of all pairs, every choice as likely as any other: a mask of ``shape``."""
    total = shape[0] * shape[1]
    # Of two complements the smaller is drawn: the same distribution, less memory.
    inverse = count > total // 2
    drawn = rng.choice(total, total - count if inverse else count, replace=False, shuffle=False)
    mask = np.full(total, inverse)
    mask[drawn] = not inverse
    return mask.reshape(shape)


def generate_connection(
    name: str, n_e: int, n_i: int, seed: int, n_pixels: int = MNIST.n_pixels
) -> Connection:
    """The initial weights of one connection; the others do not change what it draws.

    With U uniform in [0, 1):

    - XeAe: every pair, 0.3 (U + 0.01)
    - XeAi: a tenth of the pairs, 0.2 U
    - AeAi: one to one, 10.4, where n_e = n_i; else 0.0025 of the pairs, 10.4 U
    - AiAe: all but the partner, 17, where n_e = n_i; else 0.9 of the pairs, 17 U

    Raises:
        UserError: a number is out of range, or the connection would be empty.
    """
    _check_seed(seed)
    count = synapse_count(name, n_e, n_i, n_pixels)
    shape = shapes(n_e, n_i, n_pixels)[name]
    if _paired(name, n_e, n_i):
        present = np.eye(n_e, dtype=np.bool_)
        if name == "AiAe":
            present = ~present
        return Connection(np.where(present, WEIGHT[name], 0.0), present)
    sequence = np.random.SeedSequence(seed, spawn_key=(NAMES.index(name),))
    rng = np.random.Generator(np.random.PCG64(sequence))
    if name == "XeAe":
        return Connection(WEIGHT[name] * (rng.random(shape) + OFFSET), np.ones(shape, np.bool_))
    present = draw_pairs(rng, shape, count)
    weights = np.zeros(shape)
    weights[present] = WEIGHT[name] * rng.random(count)
    return Connection(weights, present)


def generate(n_e: int, n_i: int, seed: int) -> dict[str, Connection]:
    """The initial weights of all four connections, by name; see ``generate_connection``.

    Raises:
        UserError: a number is out of range, or a connection would be empty.
    """
    for name in NAMES:
        synapse_count(name, n_e, n_i)
    return {name: generate_connection(name, n_e, n_i, seed) for name in NAMES}


def write_generated(
    folder: Path, n_e: int, n_i: int, seed: int, *, overwrite: bool = False
) -> list[Path]:
    """Write the initial weights as ``XeAe.npy``, ``XeAi.npy``, ``AeAi.npy`` and ``AiAe.npy``.

    All is checked before the first is written. Returns the paths written.

    Raises:
        UserError: a number is out of range, a file is there already and ``overwrite`` is not
            given, or the folder cannot be written.
    """
    _check_seed(seed)
    paths = {name: folder / f"{name}.npy" for name in NAMES}
    for name, path in paths.items():
        check_size(path, synapse_count(name, n_e, n_i))
    for path in paths.values():
        if os.path.lexists(path) and not overwrite:
            raise UserError(
                f"{path}: there already; give --overwrite to replace it, or another --data_path"
            )
    for name, path in paths.items():
        connection = generate_connection(name, n_e, n_i, seed)
        write_connection(path, connection.weights, connection.present)
    return list(paths.values())
