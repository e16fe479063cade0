"""What a network did, derived from its recording: operations, sparsity, activity, readings.

    effective operations of a layer = sum over sources of events sent x nonzero weights met

Sources: J. Yik et al., "NeuroBench: a framework for benchmarking neuromorphic computing algorithms
and systems", 2023, for the definitions; docs/ledger.md says where ours are others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.ledger.operations import Activity, LayerOperations, Operations
from spikeoff.ledger.recording import INPUT, Recording, Synapses


@dataclass(frozen=True)
class Sparsity:
    """Fractions of zeros.

    connection: among the places of all weight matrices; None where there are none.
    activation: among hidden ReLUs, or among the neurons of a spiking network at every step.
    """

    connection: float | None
    activation: float


@dataclass(frozen=True)
class Footprint:
    """Bytes that an inference holds, zeros included.

    parameters_bytes: what learning changes.
    buffers_bytes: what it does not: statistics, delays, fixed weights, and the state of the
        neurons while one image is shown.
    """

    parameters_bytes: int
    buffers_bytes: int


@dataclass(frozen=True)
class Reading:
    """The answers that a network would give after so many steps, and what they have cost so far.

    steps: since an image is shown.
    accuracy: fraction of right answers by what is known then.
    effective_acs, effective_macs, membrane_updates: spent on an image by then, in the mean.
    """

    steps: int
    accuracy: float
    effective_acs: float
    membrane_updates: float
    effective_macs: float = 0.0


@dataclass(frozen=True)
class Account:
    """What a network did on images; ``anytime`` is empty for networks without time steps."""

    operations: Operations
    sparsity: Sparsity
    activity: Activity
    anytime: tuple[Reading, ...] = ()


def account_of(
    recording: Recording,
    synapses: Sequence[Synapses],
    labels: NDArray[np.uint8],
    readout: float = 0.0,
) -> Account:
    """The account of a network.

    Args:
        recording: what it did.
        synapses: all of them, from the input on.
        labels: [n] of the images that were recorded.
        readout: products per image after the last layer.
    """
    n = max(1, len(labels))
    neurons = sum(recording.events[name].shape[1] for name in recording.updated)
    steps = [float(value) / n for value in recording.image_steps]
    # [readings] events times weights met, by layer, as whole numbers: no rounding before the mean.
    met = [(recording.events[s.source] @ s.met).cumsum() / n for s in synapses]
    sent = {name: float(events.sum()) / n for name, events in recording.events.items()}
    done = [float(one[-1]) for one in met]
    graded = [s.source in recording.graded for s in synapses]
    operations = Operations.of_layers(
        _layers(recording, synapses, done, sent, steps[-1]),
        neurons * steps[-1],
        steps=steps[-1] if recording.updated else 1.0,
        widths=_widths(recording),
        events=sent,
        readout=readout,
    )
    return Account(
        operations,
        Sparsity(_connection(synapses), _activation(recording)),
        activity_of(recording),
        _readings(recording, labels, met, graded, neurons)
        if recording.updated and len(labels)
        else (),
    )


def _layers(
    recording: Recording,
    synapses: Sequence[Synapses],
    done: Sequence[float],
    sent: Mapping[str, float],
    steps: float,
) -> list[LayerOperations]:
    """The layers, with what each population sends counted at the first layer that leads to it."""
    targets = [_target(recording, s) for s in synapses]
    sources = {s.source for s in synapses}
    layers = []
    for number, (s, target, count) in enumerate(zip(synapses, targets, done, strict=True)):
        graded, first = s.source in recording.graded, target not in targets[:number]
        layers.append(LayerOperations(
            s.name,
            s.dense * steps,
            count if graded else 0.0,
            0.0 if graded else count,
            source=s.source,
            sources=len(s.met),
            targets=s.targets,
            places=s.places,
            stored=s.existing,
            events_in=sent[s.source],
            events_out=sent[target] if target is not None and first else 0.0,
            biases=s.biases,
            biased=s.biased,
            neurons=s.targets if target in recording.updated and first else 0,
            output=target not in sources and target not in recording.hidden,
            convolution=s.convolution,
            fan_in=s.fan_in,
            kernel=s.kernel,
            pruned=s.pruned,
        ))  # fmt: skip
    return layers


def _target(recording: Recording, synapses: Synapses) -> str | None:
    """The population that synapses lead to; None where it is not recorded."""
    if synapses.target is not None:
        return synapses.target if synapses.target in recording.events else None
    names = list(recording.events)
    following = names[names.index(synapses.source) + 1 :][:1]
    fitting = [one for one in following if recording.events[one].shape[1] == synapses.targets]
    return fitting[0] if fitting else None


def _widths(recording: Recording) -> tuple[int, ...]:
    """Neurons of the input and of each hidden population, and classes."""
    names = [INPUT, *recording.hidden] if INPUT in recording.events else [*recording.hidden]
    sizes = (recording.events[name].shape[1] for name in names)
    return (*sizes, recording.scores.shape[2])


def activity_of(recording: Recording) -> Activity:
    """How busy a network was."""
    n = max(1, len(recording.scores))
    events = {name: int(sent.sum()) for name, sent in recording.events.items()}
    hidden = sum(events[name] for name in recording.hidden) / n
    size = sum(recording.events[name].shape[1] for name in recording.hidden)
    places = size * (int(recording.image_steps[-1]) / n)
    return Activity(events.get(INPUT, 0) / n, hidden, hidden / places if places else 0.0)


def _readings(
    recording: Recording,
    labels: NDArray[np.uint8],
    met: Sequence[NDArray[np.float64]],
    graded: Sequence[bool],
    neurons: int,
) -> tuple[Reading, ...]:
    right = recording.answers == labels[:, None]
    n = len(labels)
    additions, products = (
        [one for one, values in zip(met, graded, strict=True) if values == kind]
        for kind in (False, True)
    )
    return tuple(
        Reading(
            int(recording.steps[k]), float(right[:, k].mean()),
            float(sum(done[k] for done in additions)),
            neurons * (float(recording.image_steps[k]) / n),
            float(sum(done[k] for done in products)),
        )
        for k in range(len(recording.steps))
    )  # fmt: skip


def _connection(synapses: Sequence[Synapses]) -> float | None:
    places = sum(s.places for s in synapses)
    return 1 - sum(s.nonzero for s in synapses) / places if places else None


def _activation(recording: Recording) -> float:
    """Of the neurons that are updated; in a conventional network, of what is sent on."""
    names = recording.updated or recording.hidden
    events = sum(int(recording.events[name].sum()) for name in names)
    places = sum(recording.events[name].shape[1] for name in names)
    return float(1 - events / max(1, places * int(recording.image_steps[-1])))
