"""The spikes of a trained network for test images, as a list of events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.base import Contender
from spikeoff.data import Images
from spikeoff.errors import UserError
from spikeoff.run.trained import load_trained, spread_rows

N_IMAGES = 100
"""Test images whose spikes are written, evenly spread over the test set."""


@dataclass(frozen=True)
class SpikeEvents:
    """What images evoked; an event is one spike.

    images: those that were shown.
    answers: [n] the network's.
    populations, sizes: names of the populations, from the input on, and their neurons.
    dt: time step (ms). steps: how many an image took at most.
    image, population, neuron, step: [events] of each spike, ordered by image, then population, then
        step, then neuron. Images are counted from 0 in ``images``; steps from 0.
    """

    images: Images
    answers: NDArray[np.int64]
    populations: tuple[str, ...]
    sizes: tuple[int, ...]
    dt: float
    steps: int
    image: NDArray[np.int32]
    population: NDArray[np.uint8]
    neuron: NDArray[np.int32]
    step: NDArray[np.int32]


def of_run(folder: Path, n_images: int = N_IMAGES) -> SpikeEvents:
    """The spikes of the network of the run in ``folder`` for test images.

    Raises:
        UserError: there is no finished run, or its network does not spike.
    """
    contender, dataset = load_trained(folder)
    if not contender.spiking:
        raise UserError(
            f"{folder}: {contender.id} has no spikes; choose onnx, safetensors or neurobench"
        )
    return evoke(contender, dataset.test.take(spread_rows(len(dataset.test), n_images)))


def evoke(contender: Contender, images: Images) -> SpikeEvents:
    """Show images one after another, and list all spikes.

    A network that shows an image more than once gives the spikes of all presentations, one after
    another.
    """
    parts: list[NDArray[np.int64]] = []  # [4, events] per image and population
    answers, steps, dt = [], 0, 1.0
    names: tuple[str, ...] = ()
    sizes: list[int] = []
    for number in range(len(images)):
        recording = contender.record(images.take(slice(number, number + 1)), every=1)
        names = tuple(name for name in recording.events if name not in recording.graded)
        sizes = [recording.events[name].shape[1] for name in names]
        for place, name in enumerate(names):
            step, neuron = np.nonzero(recording.events[name])
            same = np.ones_like(step)
            parts.append(np.stack([number * same, place * same, neuron, step]))
        answers.append(int(recording.answers[0, -1]))
        steps, dt = max(steps, len(recording.steps)), recording.dt
    events = np.concatenate(parts, axis=1)
    return SpikeEvents(
        images, np.array(answers, np.int64), names, tuple(sizes), dt, steps,
        events[0].astype(np.int32), events[1].astype(np.uint8), events[2].astype(np.int32),
        events[3].astype(np.int32),
    )  # fmt: skip
