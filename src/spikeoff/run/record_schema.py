"""What a run's record must hold, and of which type; it may hold more."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

import msgspec

from spikeoff.contenders.field_checks import MAX_FLOAT
from spikeoff.errors import one_line

Number = Annotated[float, msgspec.Meta(ge=-MAX_FLOAT, le=MAX_FLOAT)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class Settings(TypedDict):
    """The setting that a report is about."""

    tdp: Number


class Data(TypedDict):
    """What a run learned from and was judged on."""

    name: str
    sha256: str
    n_train: Count
    n_validation: Count
    n_test: Count


class Epochs(TypedDict):
    """Passes that were made, and the one that stands."""

    trained: Count
    chosen: Count


class Accuracy(TypedDict):
    """Shares of right answers."""

    train: Number | None
    validation: Number | None
    test: Number


class Time(TypedDict):
    """Seconds and milliseconds."""

    train_s: Number
    test_ms_per_example: Number


class Spikes(TypedDict):
    """How busy the network was."""

    kind: str
    per_example_hidden: Number
    hidden_rate: Number
    input_per_example: Number


class LayerRecord(TypedDict, total=False):
    """A layer, per inference; earlier versions kept the operations alone, or not the last three."""

    name: str
    dense_macs: Number
    effective_macs: Number
    effective_acs: Number
    source: str
    sources: Count
    targets: Count
    places: Count
    stored: Count
    events_in: Number
    events_out: Number
    biases: Count
    biased: Count
    neurons: Count
    output: bool
    convolution: bool
    fan_in: Count
    kernel: Count
    pruned: bool


class Operations(TypedDict):
    """Per inference; earlier versions kept the first four and the layers."""

    dense_macs: Number
    effective_macs: Number
    effective_acs: Number
    membrane_updates: Number
    layers: NotRequired[list[LayerRecord]]
    steps: NotRequired[Number]
    widths: NotRequired[list[Count]]
    readout: NotRequired[Number]


class Early(TypedDict):
    """Answers with confidence, per inference; earlier versions lack them."""

    threshold: Number | None
    unit: str
    tolerance: Number
    accuracy: Number
    readings: Number
    mean_steps: Number
    quartiles: tuple[Number, Number, Number]
    effective_acs: Number
    effective_macs: Number
    membrane_updates: Number
    counted: Count


class Memory(TypedDict):
    """Bytes."""

    peak_rss_bytes: Count


class Environment(TypedDict):
    """Where it ran."""

    cpu: str
    cores: Count
    threads: Count
    gpu: str | None
    device: str
    os: str
    python: str
    libraries: dict[str, Any]
    runs_at_a_time: NotRequired[Count]


class Energy(TypedDict):
    """A figure with its provenance."""

    quantity: str
    value: Number | None
    provenance: str


class Files(TypedDict):
    """Names within the folder."""

    metrics: str


class Record(TypedDict):
    """A run's ``summary.json``."""

    contender: str
    title: str
    spiking: bool
    engine: str
    seed: Count
    version: str
    parameters: Count
    stored_parameters: NotRequired[Count]
    energy: list[Energy]
    config: Settings
    data: Data
    epochs: Epochs
    accuracy: Accuracy
    time: Time
    spikes: Spikes
    operations: Operations
    early: NotRequired[Early]
    learning: NotRequired[list[tuple[Count, Number]]]
    memory: Memory
    environment: Environment
    files: Files


def fault(summary: dict[str, Any]) -> str | None:
    """What is wrong with a record, in a few words; None if nothing is."""
    try:
        msgspec.convert(summary, Record)
    except msgspec.ValidationError as error:
        return one_line(error)
    return None
