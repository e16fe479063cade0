"""A worker: takes trials of a study one after another, until none is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from multiprocessing.queues import SimpleQueue
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.trial import Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from spikeoff.contenders.base import Config
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset, Split, load_dataset
from spikeoff.errors import UserError, one_line
from spikeoff.experiments.search.settings import Machine, Settings
from spikeoff.experiments.search.study import (
    ATTEMPTS,
    BEAT,
    SharedStudy,
    open_storage,
    read_settings,
)
from spikeoff.experiments.search.trial import Asked, train, validation_split
from spikeoff.run.signals import Interrupted, Signals, leave_to_parent

BEAT_S = 10.0
"""Seconds between two signs of life."""

MAX_ATTEMPTS = 5
"""A trial whose process died so often is given up."""

DATABASE_ERRORS = (StorageInternalError, SQLAlchemyError)


def work_apart(
    url: str, name: str, total: int, machine: Machine, messages: SimpleQueue[str]
) -> None:
    """``work`` in a process of its own; a reason to end early goes into ``messages``.

    Raises:
        SystemExit: with status 1, if there was one.
    """
    leave_to_parent()
    with Signals() as signals, signals.patiently():
        try:
            storage = open_storage(url)
            settings = read_settings(storage, name)
            if settings is None:
                raise UserError(f"study {name!r} does not say what it is of")
            work(SharedStudy(storage, name, settings), total, machine, lambda: signals.asked)
        except Interrupted:
            pass
        except UserError as error:
            messages.put(str(error))
            raise SystemExit(1) from None
        except DATABASE_ERRORS as error:
            messages.put(f"the database does not answer: {one_line(error)}")
            raise SystemExit(1) from None


def work(study: SharedStudy, total: int, machine: Machine, asked: Asked) -> None:
    """Run trials until each of the first ``total`` has somebody.

    Raises:
        UserError: the data cannot be read.
        Interrupted: it was asked to stop; the trial under way was put back.
    """
    dataset = load_dataset(machine.mnist_path)
    runner = Runner(study.settings, machine, dataset, asked)
    while (trial := study.take(total)) is not None:
        try:
            with _pulse(study, trial):
                accuracy, state, reason = runner.run(trial)
            study.tell(trial, accuracy, state, reason)
        except Interrupted:
            study.put_back(trial._trial_id, unharmed=True)
            raise
        except UpdateFinishedTrialError:
            continue  # another process, to which we seemed dead, was faster


class Runner:
    """Runs the trials of a study in this process."""

    def __init__(
        self, settings: Settings, machine: Machine, dataset: Dataset, asked: Asked
    ) -> None:
        self._settings, self._machine, self._asked = settings, machine, asked
        self._dataset = dataset
        self._splits: dict[int, Split] = {}

    def run(self, trial: Trial) -> tuple[float | None, TrialState, str]:
        """The mean accuracy over the seeds, how the trial ended, and why where it has none.

        Raises:
            Interrupted: it was asked to stop.
        """
        if trial.user_attrs.get(ATTEMPTS, 0) > MAX_ATTEMPTS:
            return None, TrialState.FAIL, f"its process died {MAX_ATTEMPTS} times"
        try:
            return self._accuracy(trial), TrialState.COMPLETE, ""
        except optuna.TrialPruned:
            return None, TrialState.PRUNED, ""
        except UserError as error:  # not bad luck: a sampler avoids nearby values
            return None, TrialState.PRUNED, one_line(error, 400)
        except (UpdateFinishedTrialError, *DATABASE_ERRORS):
            raise
        except Exception as error:
            return None, TrialState.FAIL, f"{type(error).__name__}: {one_line(error, 400)}"

    def _accuracy(self, trial: Trial) -> float:
        settings = self._settings
        kind = find(settings.contender)
        found: list[float] = []
        known = set(self._reported(trial))

        def epoch_over(epoch: int, epochs: int, accuracy: float) -> None:
            step = len(found) * epochs + epoch
            if step in known:  # of an attempt that was not finished, and was not pruned here
                return
            trial.report((sum(found) + accuracy) / (len(found) + 1), step)
            if step < epochs * len(settings.seeds) and trial.should_prune():
                raise optuna.TrialPruned

        for seed in settings.seeds:
            config = self._config(trial.params, seed)
            if seed not in self._splits:
                self._splits[seed] = validation_split(self._dataset, config)
            found.append(train(kind, config, self._splits[seed], epoch_over, self._asked))
        return sum(found) / len(found)

    def _config(self, params: dict[str, Any], seed: int) -> Config:
        settings = self._settings
        content = settings.config | asdict(self._machine) | params | {"seed": seed}
        return from_plain(settings.kind, content)

    @staticmethod
    def _reported(trial: Trial) -> list[int]:
        held = trial.storage.get_trial(trial._trial_id)
        return list(held.intermediate_values)


@contextmanager
def _pulse(study: SharedStudy, trial: Trial) -> Iterator[None]:
    """Give signs of life for the trial within."""
    over = threading.Event()

    def beat() -> None:
        count = 0
        while not over.wait(BEAT_S):
            count += 1
            with suppress(UpdateFinishedTrialError, *DATABASE_ERRORS):
                study.storage.set_trial_user_attr(trial._trial_id, BEAT, count)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
