"""How a search goes: live bars on a terminal, a plain line a trial elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from optuna.trial import FrozenTrial, TrialState
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from spikeoff.console import error_console
from spikeoff.experiments.search.results import Finished, outcome, percent, value_text
from spikeoff.experiments.search.study import REASON


class SearchProgress:
    """Tells the terminal how a search goes; a context manager."""

    def __init__(self, name: str, total: int, steps: int) -> None:
        """``name`` says which search; it runs ``total`` trials of ``steps`` epochs each."""
        self._name, self._total, self._steps = name, total, steps
        self._console = error_console()
        self._start = time.monotonic()
        self._told: set[int] | None = None
        self._known_before = 0
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TextColumn("{task.fields[what]}"), TimeElapsedColumn(),
            console=self._console, transient=True, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._whole = self._progress.add_task(name, total=total, what="")
        self._running: dict[int, TaskID] = {}

    def __enter__(self) -> SearchProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def look(self, trials: Sequence[FrozenTrial]) -> None:
        """The trials as they stand now."""
        done = Finished([trial for trial in trials if trial.state.is_finished()])
        if self._told is None:
            self._told = {trial.number for trial in done.trials}
            self._known_before = len(done.trials)
        new = [trial for trial in done.trials if trial.number not in self._told]
        best = f"best {percent(done.complete[0])}" if done.complete else ""
        left = self._left(len(done.trials))
        for trial in new:
            self._told.add(trial.number)
            self._plain(_line(trial) + f"  {best}  {len(done.trials)}/{self._total}{left}")
        self._progress.update(self._whole, completed=len(done.trials), what=best + left)
        self._show_running([t for t in trials if t.state == TrialState.RUNNING])

    def say(self, line: str) -> None:
        """Something that happened to the search."""
        self._console.print(f"{self._name}  {line}", highlight=False, soft_wrap=True)

    def _plain(self, line: str) -> None:
        if not self._console.is_terminal:
            self.say(line)

    def _left(self, done: int) -> str:
        here = done - self._known_before
        if not here or done == self._total:
            return ""
        seconds = (time.monotonic() - self._start) / here * (self._total - done)
        return f"  left {timedelta(seconds=round(seconds))}"

    def _show_running(self, trials: Sequence[FrozenTrial]) -> None:
        for number in self._running.keys() - {trial.number for trial in trials}:
            self._progress.remove_task(self._running.pop(number))
        for trial in trials:
            if trial.number not in self._running:
                self._running[trial.number] = self._progress.add_task(
                    f"  trial {trial.number}", total=self._steps, what=""
                )
            last = trial.last_step
            accuracy = "" if last is None else f"{100 * trial.intermediate_values[last]:.2f} %"
            self._progress.update(self._running[trial.number], completed=last or 0, what=accuracy)


def _line(trial: FrozenTrial) -> str:
    values = " ".join(f"{name}={value_text(value)}" for name, value in trial.params.items())
    shown = "" if trial.value is None else f" {percent(trial)}"
    reason = trial.user_attrs.get(REASON)
    return f"trial {trial.number}  {outcome(trial)}{shown}  {values}" + (
        f"  ({reason})" if reason else ""
    )
