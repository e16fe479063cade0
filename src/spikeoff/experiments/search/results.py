"""What a search leaves: the best settings as a file that ``train`` takes, and a row a trial."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial, TrialState
from rich.table import Table

from spikeoff.contenders.base import Config
from spikeoff.contenders.settings_file import CONTENDER, settings_text
from spikeoff.errors import UserError
from spikeoff.experiments.search.study import REASON, SharedStudy
from spikeoff.files import write_text

BEST, TRIALS = "best.toml", "trials.csv"
SHOWN = 5
"""Trials in the table, beside the settings as given."""


@dataclass(frozen=True)
class Finished:
    """The finished trials of a study, of those that were asked for.

    trials: all of them, by number.
    """

    trials: Sequence[FrozenTrial]

    @property
    def complete(self) -> list[FrozenTrial]:
        """Those that have a final accuracy, the best first; of equals the first."""
        done = [trial for trial in self.trials if trial.state == TrialState.COMPLETE]
        return sorted(done, key=lambda trial: (-accuracy(trial), trial.number))

    def first_reason(self) -> str:
        """Why the first trial without an accuracy has none."""
        reasons = (trial.user_attrs.get(REASON, "") for trial in self.trials)
        return next((reason for reason in reasons if reason), "all were ended early")


def finished(study: SharedStudy, total: int) -> Finished:
    """The finished ones of the first ``total`` trials."""
    return Finished([trial for trial in study.trials(total) if trial.state.is_finished()])


def accuracy(trial: FrozenTrial) -> float:
    """The trial's final accuracy, or the last before it was ended early; NaN for neither."""
    return float("nan") if trial.value is None else float(trial.value)


def outcome(trial: FrozenTrial) -> str:
    """How the trial ended."""
    if REASON in trial.user_attrs:
        return "failed"
    return "pruned" if trial.state == TrialState.PRUNED else trial.state.name.lower()


def write_trials(study: SharedStudy, done: Finished, path: Path) -> None:
    """A row for each finished trial."""
    columns = ["trial", "outcome", "validation_accuracy", "epochs", "seconds",
               *study.settings.space, "reason"]  # fmt: skip
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    for trial in done.trials:
        seconds = (trial.duration or timedelta()).total_seconds()
        writer.writerow(
            {
                "trial": trial.number,
                "outcome": outcome(trial),
                "validation_accuracy": "" if trial.value is None else f"{trial.value:.8g}",
                "epochs": len(trial.intermediate_values),
                "seconds": f"{seconds:.2f}",
                **{name: trial.params.get(name, "") for name in study.settings.space},
                "reason": trial.user_attrs.get(REASON, ""),
            }
        )
    write_text(path, text.getvalue())


def write_best(study: SharedStudy, done: Finished, mnist_path: str, path: Path) -> None:
    """The settings of the best trial, with which ``train`` reaches the same validation accuracy."""
    settings, best = study.settings, done.complete[0]
    title = (
        f"# {settings.contender}: validation accuracy {percent(best)}, trial {best.number} of "
        f"{len(done.trials)}{_beside(study, done)}\n"
    )
    others = {name: value for name, value in settings.config.items() if name not in best.params}
    if len(settings.seeds) == 1:
        others["seed"] = settings.seeds[0]
    if mnist_path != Config.mnist_path:
        others["mnist_path"] = mnist_path
    write_text(
        path,
        title
        + settings_text({CONTENDER: settings.contender})
        + "\n# what was found\n"
        + settings_text({name: best.params[name] for name in settings.space})
        + "\n# under which conditions; a flag of `spikeoff train` overrides any of them\n"
        + settings_text(others),
    )


def percent(trial: FrozenTrial) -> str:
    """The trial's accuracy as people read it."""
    return f"{100 * accuracy(trial):.2f} %"


def baseline(study: SharedStudy, done: Finished) -> FrozenTrial | None:
    """The trial with the settings as they were given; None where they are outside the space."""
    if not study.has_baseline:
        return None
    return next((trial for trial in done.complete if trial.number == 0), None)


def _beside(study: SharedStudy, done: Finished) -> str:
    given = baseline(study, done)
    return f"; settings as given: {percent(given)}" if given else ""


def table(study: SharedStudy, done: Finished) -> Table:
    """The best trials, and below them the settings as given."""
    result = Table(title=f"{study.settings.contender}: the best of {len(done.trials)} trials")
    result.add_column("trial", justify="right")
    result.add_column("validation accuracy", justify="right")
    for name in study.settings.space:
        result.add_column(name, justify="right")
    shown = done.complete[:SHOWN]
    given = baseline(study, done)
    if given is not None and given not in shown:
        shown.append(given)
    for trial in shown:
        number = f"{trial.number} (as given)" if trial is given else str(trial.number)
        values = (value_text(trial.params[name]) for name in study.settings.space)
        result.add_row(number, percent(trial), *values)
    return result


def value_text(value: Any) -> str:
    """A setting's value, short."""
    return f"{value:.4g}" if isinstance(value, float) else str(value).lower()


def check_any(done: Finished) -> None:
    """Refuse a search without a single result.

    Raises:
        UserError: no trial has an accuracy.
    """
    if not done.complete:
        raise UserError(f"no trial came through; the first reason: {done.first_reason()}")
