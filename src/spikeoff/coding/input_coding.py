"""The codings by name: how images become the input of a spiking network.

    rate         at every step, a pixel fires with probability x / 255 * max_rate
    poisson      the same with the probability that a Poisson process of this rate has an event
    latency      a pixel fires once, the brighter the earlier, linearly
    latency-log  the same with logarithmic times
    threshold    a pixel fires once, at the first of falling levels that it exceeds
    direct       a constant current x / 255 at every step; no spikes

The first two draw random numbers: their spikes are a function of seed, epoch, image, step and
pixel. The others are a function of pixel value and step alone. There is no delta coding: it sends
the changes of a signal over time, and an image that stays the same changes once, at its onset; that
is threshold coding with one level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from spikeoff.coding.latency import latency_linear, latency_log
from spikeoff.coding.levels import LEVELS, threshold_steps
from spikeoff.coding.poisson import poisson_thresholds
from spikeoff.coding.rate import draw, draw_torch, thresholds

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from spikeoff.data import Images

CodingName = Literal["rate", "poisson", "latency", "latency-log", "threshold", "direct"]

DRAWN: frozenset[CodingName] = frozenset({"rate", "poisson"})
"""The codings that draw random numbers."""


@dataclass(frozen=True)
class InputCoding:
    """A coding with its settings.

    n_steps: time steps for which an image is shown.
    max_rate: of a pixel of value 255 per step; for rate and poisson.
    levels: for threshold.
    seed: of the draws.
    """

    name: CodingName = "rate"
    n_steps: int = 50
    max_rate: float = 1.0
    levels: tuple[int, ...] = LEVELS
    seed: int = 0

    def limits(self) -> NDArray[np.int64]:
        """[256] round(p * 65536), p the probability of a spike per step; for drawn codings."""
        return (thresholds if self.name == "rate" else poisson_thresholds)(self.max_rate)

    def first_steps(self) -> NDArray[np.int64]:
        """[256] the step at which a pixel fires, ``n_steps`` for never; for codings that fire once.

        Raises:
            UserError: the levels cannot be used.
        """
        if self.name == "threshold":
            return threshold_steps(self.levels, self.n_steps)
        return (latency_linear if self.name == "latency" else latency_log)(self.n_steps)

    def spikes(self, images: Images, epoch: int) -> NDArray[np.uint8]:
        """[n, n_steps, n_pixels] 1 where a pixel fires, by NumPy: the reference for all engines."""
        if self.name in DRAWN:
            return draw(images, self.n_steps, self.limits(), seed=self.seed, epoch=epoch)
        if self.name == "direct":
            return np.zeros((len(images), self.n_steps, images.flat.shape[1]), np.uint8)
        step = self.first_steps()[images.flat]
        fires: NDArray[np.bool_] = step[:, None] == np.arange(self.n_steps)[:, None]
        return fires.astype(np.uint8)

    def spikes_torch(self, pixels: torch.Tensor, ids: torch.Tensor, epoch: int) -> torch.Tensor:
        """The same by PyTorch, on the device where ``pixels`` [n, n_pixels] and ``ids`` [n] lie."""
        if self.name in DRAWN:
            return draw_torch(pixels, ids, self.n_steps, self.limits(), seed=self.seed, epoch=epoch)
        if self.name == "direct":
            return pixels.new_zeros((len(pixels), self.n_steps, pixels.shape[1]))
        held = ids.new_tensor(self.first_steps())
        step = held[pixels.long()]
        return (step[:, None] == ids.new_tensor(range(self.n_steps))[:, None]).to(pixels.dtype)
