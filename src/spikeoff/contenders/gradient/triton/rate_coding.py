"""Input spikes drawn on a GPU, bit for bit those of ``coding.rate``. Not yet run on one."""

from __future__ import annotations

from functools import cache

import torch
import triton
import triton.language as tl

from spikeoff.coding import STEPS_PER_BLOCK, rate, thresholds
from spikeoff.contenders.gradient.triton.triton_jit import EXACT, kernel, translated

BLOCK = 256
"""Pixels of an image that one program draws."""

STEPS = tl.constexpr(STEPS_PER_BLOCK)
block_words, step_draw = map(translated, (rate.block_words, rate.step_draw))


def rate_code(
    pixels: torch.Tensor,
    ids: torch.Tensor,
    n_steps: int,
    max_rate: float,
    dtype: torch.dtype,
    *,
    seed: int,
    epoch: int,
    presentation: int = 0,
) -> torch.Tensor:
    """[n, n_steps, n_pixels] spikes, 1 or 0 in ``dtype``, on the device of ``pixels`` and ``ids``.

    Args:
        pixels: [n, n_pixels] uint8.
        ids: [n] int64, which example each is.
        n_steps: time steps.
        max_rate: probability of a spike a step at pixel value 255.
        dtype: of the result.
        seed, epoch, presentation: with step and pixel, what the draws depend on.

    Raises:
        UserError: ``max_rate`` is no probability.
    """
    pixels, ids = pixels.contiguous(), ids.contiguous()
    n, n_pixels = pixels.shape
    out = torch.empty((n, n_steps, n_pixels), dtype=dtype, device=pixels.device)
    limits = _limits(max_rate, pixels.device)
    grid = (n, triton.cdiv(n_pixels, BLOCK), triton.cdiv(n_steps, STEPS_PER_BLOCK))
    key = (seed, epoch, presentation)
    _draw_spikes[grid](out, pixels, ids, limits, n_steps, n_pixels, *key, BLOCK, **EXACT)
    return out


@cache
def _limits(max_rate: float, device: torch.device) -> torch.Tensor:
    """``thresholds``, kept on the device: a batch need not wait for them."""
    return torch.from_numpy(thresholds(max_rate)).to(device)


@kernel("seed", "epoch", "presentation")
def _draw_spikes(
    out: tl.tensor,
    pixels: tl.tensor,
    ids: tl.tensor,
    limits: tl.tensor,
    n_steps: tl.tensor,
    n_pixels: tl.tensor,
    seed: tl.tensor,
    epoch: tl.tensor,
    presentation: tl.tensor,
    block: tl.constexpr,
) -> None:
    row = tl.program_id(0).to(tl.int64)
    part = tl.program_id(2)
    pixel = tl.program_id(1) * block + tl.arange(0, block)
    there = pixel < n_pixels
    value = tl.load(pixels + row * n_pixels + pixel, mask=there, other=0)
    limit = tl.load(limits + value)
    # Philox computes in 64 bits; its loop wants every word of the counter to be a whole block.
    zero = tl.full([block], 0, tl.int64)
    words = block_words(
        zero + part, zero + pixel, zero + tl.load(ids + row), zero + epoch,
        presentation.to(tl.int64), seed.to(tl.int64),
    )  # fmt: skip
    place = out + (row * n_steps + part * STEPS) * n_pixels + pixel
    for j in tl.static_range(STEPS):
        spike = (step_draw(words, j) < limit).to(out.dtype.element_ty)
        drawn = tl.where(part * STEPS + j < n_steps, there, False)
        tl.store(place + j * n_pixels, spike, mask=drawn)
