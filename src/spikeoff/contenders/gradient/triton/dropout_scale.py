"""Which neurons dropout silences, drawn on a GPU, bit for bit as in ``learning.dropout``.

Not yet run on a GPU.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from spikeoff import coding as encoding
from spikeoff.contenders.gradient.triton.triton_jit import EXACT, kernel, translated
from spikeoff.learning import dropout

BLOCK = 128
"""Calls of Philox, each for eight neurons, that one program makes."""

NEURONS = tl.constexpr(dropout.PER_BLOCK)
STREAM = tl.constexpr(dropout.stream(1))
block_words, word_draw = map(translated, (dropout.block_words, encoding.word_draw))


def scale(
    ids: torch.Tensor, n_neurons: int, share: float, dtype: torch.dtype, *, seed: int, epoch: int
) -> torch.Tensor:
    """[n, n_neurons]: 0 where a neuron is silenced, else 1 / (1 - share).

    Args:
        ids: [n] int64 numbers of the examples.
        n_neurons: of the layer.
        share: silenced, by expectation.
        dtype: of the result.
        seed: of the run.
        epoch: counted from 1.
    """
    ids = ids.contiguous()
    out = torch.empty((len(ids), n_neurons), dtype=dtype, device=ids.device)
    grid = (len(ids), triton.cdiv(n_neurons, dropout.PER_BLOCK * BLOCK))
    limit = dropout.limit(share)
    _draw_scale[grid](out, ids, n_neurons, limit, 1 / (1 - share), seed, epoch, BLOCK, **EXACT)
    return out


@kernel("seed", "epoch")
def _draw_scale(
    out: tl.tensor,
    ids: tl.tensor,
    n_neurons: tl.tensor,
    limit: tl.constexpr,
    factor: tl.constexpr,
    seed: tl.tensor,
    epoch: tl.tensor,
    block: tl.constexpr,
) -> None:
    row = tl.program_id(0).to(tl.int64)
    part = tl.program_id(1) * block + tl.arange(0, block)
    zero = tl.full([block], 0, tl.int64)
    words = block_words(
        zero + part, zero + tl.load(ids + row), zero + epoch, seed.to(tl.int64), STREAM
    )
    for j in tl.static_range(NEURONS):
        neuron = part * NEURONS + j
        keep = word_draw(words[j // 2], j) >= limit
        value = keep.to(out.dtype.element_ty) * factor  # the factor in the precision of both
        tl.store(out + row * n_neurons + neuron, value, mask=neuron < n_neurons)
