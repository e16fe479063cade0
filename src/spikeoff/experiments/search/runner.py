"""A search on this machine: keeps workers running, shows progress, writes results as they come."""

from __future__ import annotations

import time
from pathlib import Path

from spikeoff.errors import UserError, one_line
from spikeoff.experiments.search.progress import SearchProgress
from spikeoff.experiments.search.results import (
    BEST,
    TRIALS,
    Finished,
    check_any,
    finished,
    write_best,
    write_trials,
)
from spikeoff.experiments.search.settings import Machine
from spikeoff.experiments.search.stale_trials import StaleTrialReaper
from spikeoff.experiments.search.study import SharedStudy, is_open, is_over
from spikeoff.experiments.search.worker import DATABASE_ERRORS
from spikeoff.experiments.search.worker_pool import WorkerPool
from spikeoff.run.signals import Interrupted, ReceivedSignal, forwarded_signals

LOOK_S = 0.5
"""Seconds between two looks at the trials."""

FIRST = 5
"""Where none of so many first trials comes through, the search ends."""


class SearchRunner:
    """Runs a search to its end."""

    def __init__(
        self, study: SharedStudy, total: int, pool: WorkerPool, machine: Machine, folder: Path
    ) -> None:
        """Make one.

        Args:
            study: open in this process.
            total: trials of the study, those that ran before or elsewhere among them.
            pool: the worker processes that run them.
            machine: what differs from machine to machine.
            folder: where results go.
        """
        self._study, self._total, self._pool = study, total, pool
        self._machine, self._folder = machine, folder
        self._reaper = StaleTrialReaper(study)
        self._written = 0

    def run(self) -> None:
        """Run trials until the study has ``total``, and write the results of each as it ends.

        Raises:
            UserError: nothing comes through, or the database is lost.
            Interrupted: the search was asked to stop; it can continue from its folder.
        """
        settings = self._study.settings
        title = f"search {self._study.name}"
        try:
            with forwarded_signals() as signals:
                self._run(SearchProgress(title, self._total, settings.steps), signals)
        except DATABASE_ERRORS as error:
            raise UserError(f"the database does not answer: {one_line(error)}") from error
        except Interrupted as stop:
            raise Interrupted(stop.signum, self._folder) from None

    def _run(self, progress: SearchProgress, signals: ReceivedSignal) -> None:
        try:
            with progress:
                while not self._is_over(progress, signals):
                    time.sleep(LOOK_S)
        finally:
            self._pool.dismiss()
        done = finished(self._study, self._total)
        self._write(done)
        if signals.received is not None:
            raise Interrupted(signals.received)
        check_any(done)

    def _is_over(self, progress: SearchProgress, signals: ReceivedSignal) -> bool:
        """Look at everything once; returns whether there is nothing left to wait for."""
        trials = self._study.trials(self._total)
        done = Finished([trial for trial in trials if trial.state.is_finished()])
        progress.look(trials)
        self._write(done)
        if signals.received is not None:
            return not self._pool.alive()
        if is_over(trials, self._total):
            return True
        again = self._reaper.reap(trials)
        for number in again:
            progress.say(f"trial {number} lost its process; it runs again")
        self._pool.keep_up(
            len(done.trials),
            more=bool(again) or is_open(trials, self._total),
            asked=lambda: signals.received is not None,
        )
        return False

    def _write(self, done: Finished) -> None:
        """Bring the files up to date, if a trial has finished since."""
        count = len(done.trials)
        if count == self._written:
            return
        self._written = count
        if count >= FIRST and all(trial.value is None for trial in done.trials):
            raise UserError(f"none of the first {count} trials came through; the first reason: "
                            f"{done.first_reason()}")  # fmt: skip
        write_trials(self._study, done, self._folder / TRIALS)
        if done.complete:
            write_best(self._study, done, self._machine.mnist_path, self._folder / BEST)
