"""Dropout: which neurons a training step silences, as a pure function of who and when.

A neuron is silenced with probability ``share``, independently of all others. Whether it is depends
on (seed, epoch, example, neuron) alone, by the same counter-based generator as the input spikes:
every engine, device, batch size and thread count silences the same ones, and a run that goes on
after a stop needs no generator's state.

Eight neurons of an example take one call of Philox: the counter is (block, 0, example, epoch), the
key (seed, ``stream`` of the layer), and each of the eight 16-bit parts of its output decides one
neuron: silenced where it lies below round(share * 65536).

Source: N. Srivastava et al., Journal of Machine Learning Research 15 (2014); the scale is the
"inverted" one: what is kept is divided by 1 - share in training, and nothing is done afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeoff.coding import LEVELS, word_draw
from spikeoff.coding.philox import philox4x32

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

PER_BLOCK = 8
STREAM = 1 << 31
"""Second word of the first hidden layer's key: no presentation of rate coding has this number."""


def stream(layer: int) -> int:
    """Second word of the key of a hidden layer, counted from 1."""
    return STREAM + layer - 1


def limit(share: float) -> int:
    """Draws below this silence."""
    return round(share * LEVELS)


def block_words(
    block: Any, example: Any, epoch: Any, seed: Any, stream: Any
) -> tuple[Any, Any, Any, Any]:
    """The four 32-bit words that decide eight neurons of an example."""
    zero = block - block  # of the block's kind: compilers take no bare number for a word
    return philox4x32(block, zero, example, epoch, seed, zero + stream)


def keep_mask(
    ids: NDArray[np.int64], n_neurons: int, share: float, *, seed: int, epoch: int, layer: int = 1
) -> NDArray[np.uint8]:
    """[n, n_neurons] uint8 by NumPy, 0 where a neuron is silenced, else 1.

    Args:
        ids: [n] numbers of the examples.
        n_neurons: of the layer.
        share: silenced, by expectation.
        seed: of the run.
        epoch, layer: counted from 1.
    """
    out = np.empty((len(ids), n_neurons), np.uint8)
    blocks = np.arange(-(-n_neurons // PER_BLOCK), dtype=np.int64)[None, :]
    words = block_words(blocks, ids[:, None], epoch, seed, stream(layer))
    _fill(out, words, limit(share))
    return out


def keep_mask_torch(
    ids: torch.Tensor, n_neurons: int, share: float, *, seed: int, epoch: int, layer: int = 1
) -> torch.Tensor:
    """The same by PyTorch, on the device where ``ids`` [n] int64 lie."""
    import torch  # noqa: PLC0415 (two seconds to import; NumPy's users do without)

    out = torch.empty((len(ids), n_neurons), dtype=torch.uint8, device=ids.device)
    blocks = torch.arange(-(-n_neurons // PER_BLOCK), device=ids.device)[None, :]
    words = block_words(blocks, ids[:, None], epoch, seed, stream(layer))
    _fill(out, words, limit(share))
    return out


def _fill(out: Any, words: Any, least: int) -> None:
    """Write all neurons' states into ``out`` (an array or a tensor)."""
    for j in range(min(PER_BLOCK, out.shape[1])):
        places = out[:, j::PER_BLOCK]
        places[:] = (word_draw(words[j // 2], j) >= least)[:, : places.shape[1]]
