"""Spike recordings for NumPy: one compressed ``.npz`` with a list of events.

| arrays | |
|---|---|
| ids, labels, answers [n] | the images, their classes, the network's answers |
| pixels [n, height, width, ...] | uint8 |
| populations [p], sizes [p] | names from the input on, and numbers of neurons |
| image, population, neuron, step [events] | of each spike, counted from 0 |
| dt, steps | ms per step; steps per image at most |
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spikeoff.experiments.exports import Exported
from spikeoff.experiments.exports.spikes import of_run
from spikeoff.files import whole_file


def export(folder: Path, output: Path) -> Exported:
    """Write the spikes of the run in ``folder`` for test images.

    Raises:
        UserError: there is no finished run, or its network does not spike.
    """
    found = of_run(folder)
    images = found.images
    with whole_file(output) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream,
            ids=images.ids, labels=images.labels, answers=found.answers, pixels=images.pixels,
            populations=np.array(found.populations), sizes=np.array(found.sizes),
            image=found.image, population=found.population, neuron=found.neuron, step=found.step,
            dt=np.float64(found.dt), steps=np.int64(found.steps),
        )  # fmt: skip
    return Exported(output, f"{len(found.step):,} spikes of {len(images)} test images")
