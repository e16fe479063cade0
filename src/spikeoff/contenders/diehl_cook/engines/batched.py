"""Learning from images side by side: each from rest with weights frozen, changes applied together.

A change is what the rule would add to a weight without its bounds; the sum over a batch is bounded
once. Thresholds rise within an image as they do online, and by the sum of all rises after it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.kernels.competing_layer import LayerParams, Physics
from spikeoff.contenders.diehl_cook.kernels.digit_loop import gather
from spikeoff.contenders.diehl_cook.kernels.presentation import Rule, Schedule, normalise
from spikeoff.data import Images
from spikeoff.kernels.parts import in_parts
from spikeoff.numerics.functions import power

PLACES = 16
"""Parts of a batch, each with changes of its own, so that sums do not depend on threads."""


class BatchLearner:
    """Applies the rule to a network's wirings, a batch of images at a time."""

    def __init__(
        self,
        wirings: Sequence[LayerParams],
        to_inhibitory: tuple[NDArray[Any], NDArray[np.uint8]],
        schedule: Schedule,
        rule: Rule,
        physics: Physics,
        num_threads: int,
    ) -> None:
        """Take the kernels' arrays; ``learn`` changes weights and thresholds in place."""
        number = rule.zero.dtype.type
        self._wirings, self._to_inhibitory = tuple(wirings), to_inhibitory
        self._schedule, self._physics, self._bounds = schedule, physics, (rule.w_min, rule.w_max)
        self._rule = rule._replace(
            w_min=number(-math.inf), w_max=number(math.inf), frozen=np.bool_(True)
        )
        self._num_threads = num_threads
        self._places = [
            tuple(
                wiring._replace(
                    learned=np.zeros_like(wiring.weights),
                    theta=np.empty_like(wiring.theta),
                    dirty=np.zeros_like(wiring.dirty),
                )
                for wiring in wirings
            )
            for _ in range(PLACES)
        ]

    def learn(self, images: Images, epoch: int, responses: NDArray[np.int32]) -> int:
        """Learn from one batch; fills ``responses`` and returns the number of presentations."""
        for wiring in self._wirings:
            normalise(wiring, self._bounds[1])
        thetas = tuple(wiring.theta.copy() for wiring in self._wirings)
        edges = [len(images) * place // PLACES for place in range(PLACES + 1)]

        def gather_part(places: slice) -> tuple[int, tuple[NDArray[np.float64], ...]]:
            place = places.start
            part = slice(edges[place], edges[place + 1])
            gains = tuple(map(np.zeros_like, thetas))
            presentations = gather(
                images.flat[part], images.ids[part], epoch, self._places[place], thetas, gains,
                self._to_inhibitory, self._schedule, self._rule, self._physics, responses[part],
            )  # fmt: skip
            return presentations, gains

        done = list(in_parts(gather_part, PLACES, 1, self._num_threads))
        presentations = sum(count for count, _ in done)
        decay = power(self._physics.theta_decay, presentations * self._schedule.total_steps)
        for number, wiring in enumerate(self._wirings):
            self._apply(number, wiring)
            wiring.theta[:] *= decay
            for _, gains in done:
                wiring.theta[:] += gains[number]
        return presentations

    def _apply(self, number: int, wiring: LayerParams) -> None:
        """Add the gathered changes of a layer to its weights, place by place, and forget them."""
        places = [place[number] for place in self._places]
        rows = np.flatnonzero(np.any([place.dirty for place in places], axis=0))
        total = wiring.weights[rows]
        for place in places:
            total += place.learned[rows]
            place.learned[rows] = 0
            place.dirty[:] = 0
        wiring.weights[rows] = np.clip(total, *self._bounds)
        wiring.dirty[rows] = 1
