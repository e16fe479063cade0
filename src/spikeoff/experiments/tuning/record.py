"""The record of a tuning, made from its studies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import msgspec
from optuna.trial import FrozenTrial

from spikeoff.contenders.study_records import (
    StudyRecord,
    TrialRecord,
    read_records,
)
from spikeoff.errors import UserError, one_line
from spikeoff.experiments.search.results import finished, outcome
from spikeoff.experiments.search.study import REASON, SharedStudy
from spikeoff.run.json_files import plain, write_json


def study_record(study: SharedStudy, n_trials: int) -> StudyRecord:
    """The first ``n_trials`` trials of a study, and what it is of."""
    settings = study.settings.plain()
    del settings["contender"]
    trials = tuple(_trial_record(trial) for trial in finished(study, n_trials).trials)
    return StudyRecord(**{**settings, "seeds": tuple(settings["seeds"])}, trials=trials)


def read_tuning(path: Path) -> dict[str, StudyRecord]:
    """The records in a file; none where there is no file.

    Raises:
        UserError: the file is damaged.
    """
    try:
        return read_records(path) if path.exists() else {}
    except (OSError, msgspec.DecodeError) as error:
        raise UserError(f"{path}: damaged ({one_line(error)}); remove it, then run again: the "
                        "trials are kept elsewhere") from error  # fmt: skip


def write_tuning(path: Path, records: Mapping[str, StudyRecord]) -> None:
    """Write the records of all contenders."""
    write_json(path, plain(records))


def _trial_record(trial: FrozenTrial) -> TrialRecord:
    return TrialRecord(
        trial=trial.number,
        outcome=outcome(trial),
        validation_accuracy=None if trial.value is None else round(trial.value, 8),
        epochs=len(trial.intermediate_values),
        seconds=round((trial.duration or timedelta()).total_seconds(), 2),
        settings=dict(trial.params),
        reason=trial.user_attrs.get(REASON, ""),
    )
