"""What a run learned, read back from its folder.

A run writes ``weights.safetensors``. The pretrained networks of the package have ``weights.npz``
instead: synaptic weights rounded to 8 significant bits, the precision of bfloat16, and held in half
precision; other arrays as they are. Each half is split into two planes of bytes (all lower ones,
then all upper ones): the upper bytes of weights are alike and the lower ones have few values, so
that both compress well. The live page has the same rounded weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.npz import array_names, read_arrays
from spikeoff.data.tensors import read_tensors
from spikeoff.errors import UserError, one_line
from spikeoff.run.folder import PACKED_WEIGHTS, WEIGHTS

if TYPE_CHECKING:
    from spikeoff.contenders.base import State

HALF = ".float16"
"""The end of the names of rounded arrays."""


SIGNIFICANT_BITS = 8
"""Of a rounded weight, the leading one included."""

LARGEST = 65280.0
"""The largest number in half precision with so many significant bits."""


def rounded(weights: NDArray[Any]) -> NDArray[np.float16]:
    """Weights with 8 significant bits, the nearest; those beyond ``LARGEST`` become that."""
    dropped = 24 - SIGNIFICANT_BITS  # of the bits in single precision
    bits = np.clip(weights, -LARGEST, LARGEST).astype(np.float32).view(np.uint32)
    bits = bits + (1 << dropped - 1) - 1 + (bits >> dropped & 1)  # halves go to the even one
    return (bits >> dropped << dropped).view(np.float32).astype(np.float16)


def pack(state: State, weights: Sequence[str]) -> State:
    """Learned arrays for ``weights.npz``; those named in ``weights`` rounded."""
    packed = {name: array for name, array in state.items() if name not in weights}
    for name in weights:
        pairs = rounded(state[name]).astype("<f2")[..., None].view(np.uint8)
        packed[name + HALF] = np.ascontiguousarray(np.moveaxis(pairs, -1, 0))
    return packed


def unpack(packed: Mapping[str, NDArray[Any]]) -> State:
    """What ``pack`` packed, its halves as float32 of the same values.

    Raises:
        ValueError: an array is not one that ``pack`` makes.
    """
    state = {}
    for name, array in packed.items():
        if name.endswith(HALF):
            pairs = np.ascontiguousarray(np.moveaxis(array, 0, -1))
            state[name.removesuffix(HALF)] = pairs.view("<f2")[..., 0].astype(np.float32)
        else:
            state[name] = array.copy()
    return state


def read_state(folder: Path) -> State:
    """All learned arrays by name.

    Raises:
        UserError: the file is missing or damaged.
    """
    if (folder / WEIGHTS).is_file():
        return read_tensors(folder / WEIGHTS)
    packed = folder / PACKED_WEIGHTS
    if not packed.is_file():
        raise UserError(f"{folder}: {WEIGHTS} is missing; run it again")
    arrays = read_arrays(packed, tuple(array_names(packed)))
    try:
        return unpack(arrays)
    except (ValueError, IndexError) as error:
        raise UserError(f"{packed}: damaged ({one_line(error)}); fetch it again") from error


def read_weights(folder: Path, names: Sequence[str]) -> State | None:
    """Learned arrays of these names; None where the file or one of them is missing.

    Raises:
        UserError: the file is damaged.
    """
    if not any((folder / name).is_file() for name in (WEIGHTS, PACKED_WEIGHTS)):
        return None
    state = read_state(folder)
    return {name: state[name] for name in names} if set(names) <= state.keys() else None
