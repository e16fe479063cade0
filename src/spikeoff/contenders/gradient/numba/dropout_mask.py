"""Dropout masks on the CPU: the same as ``learning.dropout``, drawn side by side."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.coding import word_draw
from spikeoff.coding.philox import philox4x32
from spikeoff.kernels.jit import jitable, kernel, noalias_kernel
from spikeoff.learning import dropout
from spikeoff.learning.dropout import PER_BLOCK, block_words

jitable(philox4x32, block_words, word_draw)


def keep_mask(
    ids: NDArray[np.int64], n_neurons: int, share: float, *, seed: int, epoch: int, layer: int = 1
) -> NDArray[np.uint8]:
    """[n, n_neurons] uint8, 0 where a neuron is silenced, else 1.

    Args:
        ids: [n] numbers of the examples.
        n_neurons: of the layer.
        share: silenced, by expectation.
        seed: of the run.
        epoch, layer: counted from 1.
    """
    blocks = -(-n_neurons // PER_BLOCK)
    out = np.empty((len(ids), blocks * PER_BLOCK), np.uint8)
    _draw(ids, seed, epoch, dropout.stream(layer), dropout.limit(share), out)
    return np.ascontiguousarray(out[:, :n_neurons])


@kernel
def _draw(ids: Any, seed: Any, epoch: Any, stream: Any, limit: Any, out: Any) -> None:
    for row in numba.prange(len(ids)):
        words = np.empty((4, out.shape[1] // PER_BLOCK), np.int64)
        draw_words(ids[row], seed, epoch, stream, words)
        _compare(words, limit, out[row])


@noalias_kernel
def draw_words(example: Any, seed: Any, epoch: Any, stream: Any, words: Any) -> None:
    """The words of all blocks of an example, side by side: ``words`` [4, blocks]."""
    w0, w1, w2, w3 = words[0], words[1], words[2], words[3]
    for block in range(words.shape[1]):
        w0[block], w1[block], w2[block], w3[block] = block_words(
            block, example, epoch, seed, stream
        )


@noalias_kernel
def _compare(words: Any, limit: Any, out: Any) -> None:
    for j in range(PER_BLOCK):
        word = words[j // 2]
        for block in range(len(word)):
            out[block * PER_BLOCK + j] = word_draw(word[block], j) >= limit
