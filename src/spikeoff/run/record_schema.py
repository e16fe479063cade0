"""What a run's record must hold, and of which kind; further keys are free."""

from __future__ import annotations

from typing import Any, TypedDict, get_type_hints, is_typeddict

from spikeoff.contenders.field_checks import MAX_FLOAT, fits, kinds


class Settings(TypedDict):
    """The setting that a report is about."""

    tdp: float


class Data(TypedDict):
    """What a run learned from and was judged on."""

    name: str
    sha256: str
    n_train: int
    n_validation: int
    n_test: int


class Epochs(TypedDict):
    """Passes that were made, and the one that stands."""

    trained: int
    chosen: int


class Accuracy(TypedDict):
    """Shares of right answers."""

    train: float | None
    validation: float | None
    test: float


class Time(TypedDict):
    """Seconds and milliseconds."""

    train_s: float
    test_ms_per_example: float


class Spikes(TypedDict):
    """How busy the network was."""

    kind: str
    per_example_hidden: float
    hidden_rate: float
    input_per_example: float


class Operations(TypedDict):
    """Per inference."""

    dense_macs: float
    effective_macs: float
    effective_acs: float
    membrane_updates: float


class Memory(TypedDict):
    """Bytes."""

    peak_rss_bytes: int


class Environment(TypedDict):
    """Where it ran."""

    cpu: str
    cores: int
    threads: int
    gpu: str | None
    device: str
    os: str
    python: str
    libraries: dict[str, Any]


class Energy(TypedDict):
    """A figure with its provenance."""

    quantity: str
    value: float | None
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
    seed: int
    version: str
    parameters: int
    energy: list[Energy]
    config: Settings
    data: Data
    epochs: Epochs
    accuracy: Accuracy
    time: Time
    spikes: Spikes
    operations: Operations
    memory: Memory
    environment: Environment
    files: Files


def fault(value: Any, kind: Any = Record, where: str = "") -> str | None:
    """What is wrong with a record, in a few words; None if nothing is."""
    if is_typeddict(kind):
        if not isinstance(value, dict):
            return f"{where!r} is missing or incomplete"
        for name, hint in get_type_hints(kind).items():
            inner = f"{where}.{name}" if where else name
            if name not in value:
                return f"{inner!r} is missing or incomplete"
            if (found := fault(value[name], hint, inner)) is not None:
                return found
        return None
    if kind == list[Energy]:
        if not isinstance(value, list):
            return f"{where!r} is no list"
        return next(filter(None, (fault(one, Energy, where) for one in value)), None)
    if kind == dict[str, Any]:
        return None if isinstance(value, dict) else f"{where!r} is no object"
    if not any(fits(value, one) for one in kinds(kind)):
        return f"{where!r} is of another kind than it should be"
    if isinstance(value, int | float) and not abs(value) <= MAX_FLOAT:
        return f"{where!r} is beyond all measure"
    return None
