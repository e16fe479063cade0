"""Trials whose process has died: they are put back, for other workers to run."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psutil
from optuna.trial import FrozenTrial, TrialState

from spikeoff.experiments.search.study import BEAT, WORKER, SharedStudy

GRACE_S = 60.0
"""A process on another machine counts as dead after so long (s) without a heartbeat."""

UNNAMED_S = 20.0
"""So does a process that has not given its identity after so long (s)."""

SAME_S = 5.0
"""A process that began more than so long (s) earlier or later reuses the number of another."""


class StaleTrialReaper:
    """Finds trials whose process is dead, and puts them back."""

    def __init__(self, study: SharedStudy, clock: Callable[[], float] = time.monotonic) -> None:
        self._study, self._clock = study, clock
        self._seen: dict[int, tuple[Any, float]] = {}

    def reap(self, trials: Sequence[FrozenTrial]) -> list[int]:
        """Put back those of the trials that nobody runs; returns their numbers."""
        found = []
        for trial in trials:
            if trial.state == TrialState.RUNNING and self._is_dead(trial):
                self._seen.pop(trial.number, None)
                self._study.put_back(trial._trial_id)
                found.append(trial.number)
        return found

    def _is_dead(self, trial: FrozenTrial) -> bool:
        worker = trial.user_attrs.get(WORKER)
        grace = GRACE_S if worker else UNNAMED_S
        if worker and worker["host"] == platform.node():
            return not _lives(worker)
        state = worker, trial.user_attrs.get(BEAT)
        before = self._seen.setdefault(trial.number, (state, self._clock()))
        if before[0] != state:
            self._seen[trial.number] = state, self._clock()
            return False
        return self._clock() - before[1] > grace


def _lives(worker: Mapping[str, Any]) -> bool:
    try:
        process = psutil.Process(worker["pid"])
        same = abs(process.create_time() - worker["began"]) < SAME_S
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
