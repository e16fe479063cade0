"""A study in its database: how far it is, and whose its trials are.

A trial that was begun and not finished, because its process died or was asked to stop, waits to be
run again under its number, with the values that it had. One that is run twice, since a slow process
was taken for dead, ends the same twice.
"""

from __future__ import annotations

import os
import platform
import time
import warnings
from collections.abc import Sequence
from typing import Any

import optuna
import psutil
from optuna.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from spikeoff.errors import UserError, one_line
from spikeoff.experiments.search.sampling import Numbered, distributions, holds, pruner
from spikeoff.experiments.search.settings import Settings, check_same, settings_from

SETTINGS = "settings"
"""The study's attribute with what it is of."""

WORKER, BEAT, ATTEMPTS, REASON = "worker", "beat", "attempts", "reason"
"""Attributes of a trial: who runs it, a count that goes on while that lives, how often it was
begun, and why it has no accuracy."""

LOCK_S = 60.0
"""Time (s) to wait for another process to be done with an SQLite file."""

MAKING_S = 2.0
"""Time (s) in which a process that makes a study says what it is of."""


def open_storage(url: str) -> RDBStorage:
    """The database at ``url``, its tables made where they are missing.

    Raises:
        UserError: it cannot be opened.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        address = make_url(url)
    except SQLAlchemyError as error:
        raise UserError(
            f"`storage` (={url[:60]}) is no URL of a database; such are sqlite:///FILE and "
            "postgresql+psycopg://USER@HOST/NAME"
        ) from error
    options: dict[str, Any] = {"pool_pre_ping": True}
    if address.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": LOCK_S}
    try:
        return RDBStorage(url, engine_kwargs=options)
    except (SQLAlchemyError, ImportError, RuntimeError, ValueError) as error:
        shown = address.render_as_string(hide_password=True)
        raise UserError(f"{shown}: cannot be opened: {one_line(error)}") from error


class SharedStudy:
    """A study, open in this process."""

    def __init__(self, storage: RDBStorage, name: str, settings: Settings) -> None:
        """Take the study of that name, which must be there."""
        self.storage, self.name, self.settings = storage, name, settings
        self.distributions = distributions(settings.space)
        given = settings.given()
        self.given = {field: given[field] for field in settings.space}
        self.has_baseline = all(holds(self.distributions[f], v) for f, v in self.given.items())
        seed = int(given["seed"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self.study = optuna.load_study(
                study_name=name,
                storage=storage,
                sampler=Numbered(settings.sampler, seed, self.given),
                pruner=pruner(settings.pruner, settings.steps),
            )

    def trials(self, total: int) -> list[FrozenTrial]:
        """The trials so far, of the first ``total``."""
        return self.study.get_trials(deepcopy=False)[:total]

    def take(self, total: int) -> Trial | None:
        """The next of the first ``total`` trials, its values drawn; None where none is left."""
        while is_open(self.trials(total), total):
            trial = self.study.ask()
            if trial.number < total:
                self.mark(trial)
                for name, one in self.distributions.items():
                    _suggest(trial, name, one)
                return trial
            self.put_back(trial._trial_id)  # others were faster: it stays for when more are asked
        return None

    def mark(self, trial: Trial) -> None:
        """Say who runs the trial from now on."""
        trial.set_user_attr(WORKER, identity())
        trial.set_user_attr(ATTEMPTS, trial.user_attrs.get(ATTEMPTS, 0) + 1)

    def put_back(self, trial_id: int, *, unharmed: bool = False) -> None:
        """Let somebody run the trial again; ``unharmed`` if its process did not die of it."""
        try:
            if unharmed:
                attempts = self.storage.get_trial(trial_id).user_attrs.get(ATTEMPTS, 1)
                self.storage.set_trial_user_attr(trial_id, ATTEMPTS, attempts - 1)
            self.storage.set_trial_state_values(trial_id, TrialState.WAITING)
        except UpdateFinishedTrialError:
            pass  # it was finished meanwhile

    def tell(
        self, trial: Trial, accuracy: float | None, state: TrialState, reason: str = ""
    ) -> None:
        """The trial is over; nothing happens if another process was first."""
        try:
            if reason:
                trial.set_user_attr(REASON, reason)
            self.study.tell(trial, accuracy, state, skip_if_finished=True)
        except (UpdateFinishedTrialError, ValueError):
            if self.storage.get_trial(trial._trial_id).state == TrialState.RUNNING:
                raise


def is_open(trials: Sequence[FrozenTrial], total: int) -> bool:
    """Whether one of the first ``total`` trials has nobody yet."""
    return len(trials) < total or any(trial.state == TrialState.WAITING for trial in trials)


def is_over(trials: Sequence[FrozenTrial], total: int) -> bool:
    """Whether the first ``total`` trials are all finished."""
    return len(trials) == total and all(trial.state.is_finished() for trial in trials)


def create_or_join(storage: RDBStorage, name: str, settings: Settings) -> SharedStudy:
    """The study of that name, made where there is none.

    Raises:
        UserError: there is one, of something else.
    """
    try:
        study_id = storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], name)
        storage.set_study_user_attr(study_id, SETTINGS, settings.plain())
    except DuplicatedStudyError:
        held = read_settings(storage, name)
        if held is None:  # who made it died in between
            study_id = storage.get_study_id_from_name(name)
            storage.set_study_user_attr(study_id, SETTINGS, settings.plain())
        else:
            check_same(held, settings, name)
    return SharedStudy(storage, name, settings)


def read_settings(storage: RDBStorage, name: str) -> Settings | None:
    """What the study of that name is of; None if its maker has not written it in time.

    Raises:
        UserError: there is no such study.
    """
    deadline = time.monotonic() + MAKING_S
    while True:
        try:
            attributes = storage.get_study_user_attrs(storage.get_study_id_from_name(name))
        except KeyError:
            raise UserError(f"no study {name!r} in this database; give the right --study or "
                            "--storage") from None  # fmt: skip
        if SETTINGS in attributes:
            return settings_from(attributes[SETTINGS])
        if time.monotonic() > deadline:
            return None
        time.sleep(0.1)


def identity() -> dict[str, Any]:
    """What identifies this process among all that had the same number."""
    return {
        "host": platform.node(), "pid": os.getpid(), "began": psutil.Process().create_time()
    }  # fmt: skip


def _suggest(trial: Trial, name: str, one: optuna.distributions.BaseDistribution) -> None:
    if isinstance(one, optuna.distributions.CategoricalDistribution):
        trial.suggest_categorical(name, one.choices)
    elif isinstance(one, optuna.distributions.IntDistribution):
        trial.suggest_int(name, one.low, one.high, step=one.step, log=one.log)
    elif isinstance(one, optuna.distributions.FloatDistribution):
        trial.suggest_float(name, one.low, one.high, step=one.step, log=one.log)
