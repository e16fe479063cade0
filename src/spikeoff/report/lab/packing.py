"""Arrays as text in the page, and networks with the weights that the page has.

Weights are rounded to 8 significant bits, the precision of bfloat16, and written in half precision,
which the browser widens to single precision again. The bytes of all numbers are split into planes
(all first bytes, all second bytes, ...), deflated and written in base 85: the upper bytes of
weights are alike and the lower ones have few values, so that both compress well.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.base import Contender
from spikeoff.run.learned import rounded

Packed = dict[str, Any]

STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED)
"""Of deflate: the second suits numbers that never repeat."""


def pack(array: NDArray[Any]) -> Packed:
    """An array of one of the page's types (float16, float32, float64, uint8), as text."""
    flat = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).reshape(-1)
    planes = flat.view(np.uint8).reshape(len(flat), -1).T
    deflated = min((_deflated(planes.tobytes(), one) for one in STRATEGIES), key=len)
    data = base64.b85encode(deflated).decode().replace("<", ",")  # HTML would have to escape it
    return {"dtype": array.dtype.name, "size": len(flat), "data": data}


def _deflated(data: bytes, strategy: int) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, strategy)
    return stream.compress(data) + stream.flush()


def round_weights(contender: Contender) -> None:
    """Give a network the weights that the page has, so that both give the same answers."""
    state = contender.state()
    for name in contender.weight_names():
        state[name] = rounded(state[name]).astype(state[name].dtype)
    contender.restore(state)


def pack_state(contender: Contender, names: tuple[str, ...]) -> dict[str, Packed]:
    """The arrays of a network's state by name, synaptic weights rounded."""
    state, weights = contender.state(), contender.weight_names()
    return {
        name: pack(rounded(state[name]) if name in weights else state[name])
        for name in names
        if name in state
    }
