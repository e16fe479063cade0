"""Rate coding: pixels to spikes, as a pure function of who, what and when.

At every step a pixel of value x fires with probability

    p = x / 255 * max_rate

independently of all others. Whether it fires depends on (seed, epoch, example, presentation,
step, pixel) alone, by a counter-based generator, so every engine, device and thread count sees
the same spikes, and any of them can be drawn again without those before.

A block of ``STEPS_PER_BLOCK`` steps of one pixel takes one call of Philox: the counter is
(block, pixel, example, epoch), the key (seed, presentation), and each of the eight 16-bit parts
of its output decides one step: a spike where it lies below round(p * 65536).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeoff.coding.philox import philox4x32
from spikeoff.errors import UserError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from spikeoff.data import Images

STEPS_PER_BLOCK = 8
LEVELS = 1 << 16

EVALUATION = 0
"""The epoch under which validation and test examples are presented; training counts from 1."""


def thresholds(max_rate: float) -> NDArray[np.int64]:
    """round(p * 65536) for each of the 256 pixel values; [256] int64.

    Args:
        max_rate: probability of a spike a step at pixel value 255.

    Raises:
        UserError: ``max_rate`` is no probability.
    """
    check_rate(max_rate)
    return np.rint(np.arange(256) / 255 * max_rate * LEVELS).astype(np.int64)


def check_rate(max_rate: float) -> None:
    """Refuse a rate that is not above 0 and at most 1 spike per step."""
    if not 0.0 < max_rate <= 1.0:
        raise UserError(f"`max_rate` (={max_rate}) must be above 0 and at most 1 spike a step")


def block_words(
    block: Any, pixel: Any, example: Any, epoch: Any, presentation: Any, seed: Any
) -> tuple[Any, Any, Any, Any]:
    """The four 32-bit words that decide eight steps of one pixel."""
    return philox4x32(block, pixel, example, epoch, seed, presentation)


def step_draw(words: Any, j: Any) -> Any:
    """The 16 bits that decide step j of a block, from its four words."""
    return word_draw(words[j // 2], j)


def word_draw(word: Any, j: Any) -> Any:
    """The 16 bits that decide step j, from the word that holds them."""
    return (word >> (16 * (j % 2))) & (LEVELS - 1)


def rate_code(
    images: Images, n_steps: int, max_rate: float, *, seed: int, epoch: int, presentation: int = 0
) -> NDArray[np.uint8]:
    """The images' spikes by NumPy; [n, n_steps, 784] uint8, 1 where a pixel fires.

    Raises:
        UserError: ``max_rate`` is no probability.
    """
    key = {"seed": seed, "epoch": epoch, "presentation": presentation}
    return draw(images, n_steps, thresholds(max_rate), **key)


def rate_code_torch(
    pixels: torch.Tensor,
    ids: torch.Tensor,
    n_steps: int,
    max_rate: float,
    *,
    seed: int,
    epoch: int,
    presentation: int = 0,
) -> torch.Tensor:
    """The same spikes by PyTorch, on the device where ``pixels`` [n, 784] and ``ids`` [n] lie.

    Raises:
        UserError: ``max_rate`` is no probability.
    """
    key = {"seed": seed, "epoch": epoch, "presentation": presentation}
    return draw_torch(pixels, ids, n_steps, thresholds(max_rate), **key)


def draw(
    images: Images,
    n_steps: int,
    limits: NDArray[np.int64],
    *,
    seed: int,
    epoch: int,
    presentation: int = 0,
) -> NDArray[np.uint8]:
    """Spikes with any probability per pixel value: limits [256] are round(p * 65536)."""
    out = np.zeros((len(images), n_steps, images.flat.shape[1]), np.uint8)
    pixel = np.arange(images.flat.shape[1], dtype=np.int64)[None, :]
    _fill(out, limits[images.flat], images.ids[:, None], pixel, (epoch, presentation, seed))
    return out


def draw_torch(
    pixels: torch.Tensor,
    ids: torch.Tensor,
    n_steps: int,
    limits: NDArray[np.int64],
    *,
    seed: int,
    epoch: int,
    presentation: int = 0,
) -> torch.Tensor:
    """The same spikes by PyTorch, on the device where ``pixels`` [n, 784] and ``ids`` [n] lie."""
    import torch  # noqa: PLC0415 (two seconds to import; NumPy's users do without)

    n, n_pixels = pixels.shape
    out = torch.zeros((n, n_steps, n_pixels), dtype=torch.uint8, device=pixels.device)
    limit = torch.from_numpy(limits).to(pixels.device)[pixels.long()]
    pixel = torch.arange(n_pixels, device=pixels.device)[None, :]
    _fill(out, limit, ids[:, None], pixel, (epoch, presentation, seed))
    return out


def _fill(out: Any, limits: Any, example: Any, pixel: Any, key: tuple[int, int, int]) -> None:
    """Write the spikes of all steps into ``out`` (an array or a tensor)."""
    n_steps = out.shape[1]
    for first in range(0, n_steps, STEPS_PER_BLOCK):
        words = block_words(first // STEPS_PER_BLOCK, pixel, example, *key)
        for j in range(min(STEPS_PER_BLOCK, n_steps - first)):
            out[:, first + j] = step_draw(words, j) < limits
