"""Tables of the studies behind the presets, from the records that the package has.

Run: python benchmarks/tuning_tables.py [--into docs/presets.md]

Trains nothing: ``spikeoff tune`` did.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from page_tables import publish, table
from spikeoff.contenders.study_records import (
    STUDIES,
    StudyRecord,
    TrialRecord,
    TunedPreset,
    read_records,
)

PRESETS: tuple[TunedPreset, ...] = ("quick", "tuned")


def percent(trial: TrialRecord) -> str:
    """Validation accuracy."""
    return f"{100 * (trial.validation_accuracy or 0.0):.2f}"


def value_text(value: Any) -> str:
    """A setting's value, to three digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def chosen(record: StudyRecord) -> str:
    """The settings that the preset takes."""
    if record.best.trial == 0:
        return "default settings"
    return " ".join(f"--{name} {value_text(one)}" for name, one in record.best.settings.items())


def ended(study: StudyRecord) -> str:
    """Number of trials, and how many of them were stopped early."""
    pruned = sum(trial.outcome != "complete" for trial in study.trials)
    return f"{len(study.trials)} ({pruned})"


def row(name: str, record: StudyRecord) -> list[str]:
    """A contender's line."""
    minutes = sum(trial.seconds for trial in record.trials) / 60
    default = record.trials[0]
    others = [trial for trial in record.ranked if trial.trial]
    return [
        f"`{name}`", ended(record), f"{minutes:.1f}", percent(default), percent(others[0]),
        f"`{chosen(record)}`",
    ]  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """A table per preset."""
    head = ["contender", "trials (stopped early)", "minutes", "default settings (%)",
            "best other trial (%)", "chosen"]  # fmt: skip
    for preset in PRESETS:
        rows = [row(*one) for one in read_records(STUDIES / f"{preset}.json").items()]
        publish(f"tuning_{preset}", table(head, rows), arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
