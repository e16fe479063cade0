"""Spike recordings in NWB, as electrophysiologists keep them.

Test images are trials, one after another: image k begins at k times its duration. Each neuron that
fired is a unit, with its population and its number.

Source: O. Ruebel et al., "The Neurodata Without Borders ecosystem for neurophysiological data
science", eLife 11:e78362, 2022.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from spikeoff.experiments.exports import Exported
from spikeoff.experiments.exports.spikes import of_run
from spikeoff.extras import import_extra
from spikeoff.files import whole_file
from spikeoff.run.run_record import read_run

MS = 1e-3
"""Seconds."""


def export(folder: Path, output: Path) -> Exported:
    """Write the spikes of the run in ``folder`` for test images.

    Raises:
        UserError: there is no finished run, its network does not spike, or the extra ``nwb`` is
            missing.
    """
    pynwb = import_extra("nwb", "pynwb")
    record, found = read_run(folder), of_run(folder)
    seconds = found.steps * found.dt * MS
    file = pynwb.NWBFile(
        session_description=f"{record.title}, trained; test images shown one after another",
        identifier=f"{record.contender} seed {record.seed} {record.summary['data']['sha256']}",
        session_start_time=datetime.fromisoformat(record.summary["finished"]),
    )
    for name in ("label", "answer", "image_id"):
        file.add_trial_column(name, f"{name} of the image")
    shown = zip(found.images.labels, found.answers, found.images.ids, strict=True)
    for number, (label, answer, image_id) in enumerate(shown):
        file.add_trial(
            start_time=number * seconds, stop_time=(number + 1) * seconds, label=int(label),
            answer=int(answer), image_id=int(image_id),
        )  # fmt: skip
    file.add_unit_column("population", "input, or the layer of the neuron")
    file.add_unit_column("neuron", "its number in the population")
    times = found.image * seconds + (found.step + 1) * found.dt * MS
    order = np.lexsort((times, found.neuron, found.population))
    units = np.stack([found.population[order], found.neuron[order]])
    starts = np.flatnonzero(np.any(np.diff(units, axis=1, prepend=-1) != 0, axis=0))
    for start, train in zip(starts, np.split(times[order], starts[1:]), strict=True):
        population, neuron = (int(one) for one in units[:, start])
        file.add_unit(spike_times=train, population=found.populations[population], neuron=neuron)
    with whole_file(output) as temporary, pynwb.NWBHDF5IO(str(temporary), "w") as stream:
        stream.write(file)
    return Exported(output, f"{len(starts):,} neurons, {len(times):,} spikes")
