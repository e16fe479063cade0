"""Progress of a run: a live bar on a terminal, one plain line per epoch elsewhere.

A campaign passes a listener instead, which shows many runs at once.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from spikeoff.console import error_console
from spikeoff.run.metrics_file import Row


class RunListener(Protocol):
    """Follows a run from elsewhere, and shows its progress."""

    def progressed(self, share: float, line: str = "") -> None:
        """This share of the training is done, from 0 to 1; and a line, where there is one."""

    def resumable(self, folder: Path) -> None:
        """The files in ``folder`` are enough to continue the run: its settings, or a checkpoint."""


class RunProgress:
    """Shows a run's progress on the terminal or to a listener, and logs it; a context manager."""

    def __init__(
        self,
        name: str,
        epochs: int,
        n_train: int,
        log: logging.Logger,
        listener: RunListener | None = None,
    ) -> None:
        """``name`` says which run; ``n_train`` images are learned from in each of ``epochs``."""
        self._name, self._epochs, self._log = name, epochs, log
        self._listener, self._all, self._done = listener, max(1, epochs * n_train), 0
        self._console = error_console()
        self._start, self._before = time.perf_counter(), 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            TextColumn("{task.fields[accuracy]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=listener is not None or not self._console.is_terminal,
        )
        self._task = self._progress.add_task(
            name, total=epochs * n_train, epoch=1, epochs=epochs, accuracy=""
        )

    def __enter__(self) -> RunProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def at(self, epoch: int, examples: int) -> None:
        """The run continues in ``epoch``, after so many images."""
        self._before, self._done = epoch - 1, examples
        self._progress.update(self._task, completed=examples, epoch=min(epoch, self._epochs))

    def step(self, examples: int) -> None:
        """So many more images were learned from."""
        self._done += examples
        self._progress.advance(self._task, examples)
        if self._listener is not None:
            self._listener.progressed(self._share)

    def epoch(self, row: Row) -> None:
        """An epoch is over."""
        done = int(row["epoch"] or 0)
        accuracy = _accuracies(row)
        elapsed = time.perf_counter() - self._start
        here = max(1, done - self._before)
        left = timedelta(seconds=round(elapsed / here * (self._epochs - done)))
        line = f"epoch {done}/{self._epochs}  {accuracy}  {row['seconds']:.1f} s  left {left}"
        self._log.info(line)
        self._progress.update(self._task, epoch=min(done + 1, self._epochs), accuracy=accuracy)
        self._plain(line)

    def say(self, line: str) -> None:
        """A stage other than an epoch."""
        self._log.info(line)
        self._progress.update(self._task, accuracy=line)
        self._plain(line)

    @property
    def _share(self) -> float:
        return min(1.0, self._done / self._all)

    def _plain(self, line: str) -> None:
        if self._listener is not None:
            self._listener.progressed(self._share, line)
        elif not self._console.is_terminal:
            self._console.print(f"{self._name}  {line}", highlight=False, soft_wrap=True)


def _accuracies(row: Row) -> str:
    parts = [
        f"{part} {100 * value:.2f} %"
        for part in ("train", "validation")
        if (value := row[f"{part}_accuracy"]) is not None
    ]
    return "  ".join(parts)
