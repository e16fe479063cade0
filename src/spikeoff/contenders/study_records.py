"""The studies behind the presets ``quick`` and ``tuned``: every trial, and the settings it found.

``studies`` has one JSON file per preset, as ``spikeoff tune`` writes it: an entry per contender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

STUDIES = Path(__file__).parent / "studies"

TunedPreset = Literal["quick", "tuned"]

COMPLETE = "complete"
"""Outcome of a trial that trained to its end; others are pruned, or failed."""


@dataclass(frozen=True)
class TrialRecord:
    """One training of a study.

    outcome: complete, pruned or failed.
    validation_accuracy: the last one that was measured.
    epochs, seconds: how long it trained.
    settings: values of the varied settings.
    """

    trial: int
    outcome: str
    validation_accuracy: float | None
    epochs: int
    seconds: float
    settings: dict[str, Any]
    reason: str = ""


@dataclass(frozen=True)
class StudyRecord:
    """A study: what was trained, what was varied, and all trials.

    config: the settings that are not the defaults, the same for all trials.
    space: as ``experiments.search.space.to_content`` has it.
    seeds: each trial trains once for each, and has the mean accuracy.
    data: fingerprint of the training images.
    trials: trial 0 has the default settings.
    """

    config: dict[str, Any]
    space: dict[str, Any]
    seeds: tuple[int, ...]
    sampler: str
    pruner: str
    data: str
    trials: tuple[TrialRecord, ...]

    @property
    def ranked(self) -> list[TrialRecord]:
        """The complete trials, from the highest validation accuracy down; of equals the first."""
        complete = [trial for trial in self.trials if trial.outcome == COMPLETE]
        return sorted(complete, key=lambda one: (-(one.validation_accuracy or 0.0), one.trial))

    @property
    def best(self) -> TrialRecord:
        """The complete trial with the highest validation accuracy."""
        return self.ranked[0]


def read_records(path: Path) -> dict[str, StudyRecord]:
    """The records in a file, by contender.

    Raises:
        OSError: the file cannot be read.
        msgspec.ValidationError: it is damaged.
    """
    return msgspec.json.decode(path.read_bytes(), type=dict[str, StudyRecord])


def found_settings(name: str, preset: TunedPreset) -> dict[str, Any]:
    """The settings that were found for a contender; none for one that was not tuned."""
    record = shipped_records(preset).get(name)
    return {} if record is None else dict(record.best.settings)


@cache
def shipped_records(preset: TunedPreset) -> Mapping[str, StudyRecord]:
    """The studies that the package has, by contender."""
    return read_records(STUDIES / f"{preset}.json")
