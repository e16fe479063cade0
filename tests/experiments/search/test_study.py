"""Trials in a database: each once, none lost, and the same whoever goes on."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from optuna.trial import TrialState

from spikeoff.errors import UserError
from spikeoff.experiments.search.settings import SamplerName, settings_from
from spikeoff.experiments.search.stale_trials import GRACE_S, StaleTrialReaper
from spikeoff.experiments.search.study import (
    ATTEMPTS,
    BEAT,
    WORKER,
    SharedStudy,
    create_or_join,
    is_open,
    is_over,
    open_storage,
    read_settings,
)
from tests.experiments.search.made import fill, hill, made_settings, made_study


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["tpe", pytest.param("gp", marks=pytest.mark.slow), "random"])
def test_a_study_that_is_reopened_before_every_trial_proposes_the_same(
    tmp_path: Path, sampler: SamplerName
) -> None:
    settings = made_settings(sampler=sampler)
    proposed = []
    for name in ("whole", "reopened"):
        (tmp_path / name).mkdir()
        study = made_study(tmp_path / name, settings)
        for total in range(1, 13):
            if name == "reopened":
                study = SharedStudy(study.storage, study.name, settings)
            fill(study, total, hill)
        proposed.append([trial.params for trial in study.trials(12)])
    assert proposed[0] == proposed[1]
    assert len({str(params) for params in proposed[0]}) == 12


def test_trial_0_is_the_configuration_as_given_where_the_space_holds_it(tmp_path: Path) -> None:
    for name, rate, inside in (("in", 0.05, True), ("out", 0.5, False)):
        (tmp_path / name).mkdir()
        study = made_study(tmp_path / name, made_settings({"learning_rate": rate}))
        fill(study, 1, hill)
        assert study.has_baseline == inside
        assert (study.trials(1)[0].params["learning_rate"] == rate) == inside


def test_what_nobody_finished_runs_again_with_its_values(tmp_path: Path) -> None:
    study = made_study(tmp_path, made_settings())
    fill(study, 3, hill)
    begun = study.take(5)
    assert begun is not None
    values = begun.params
    study.put_back(begun._trial_id)
    again = SharedStudy(study.storage, study.name, study.settings).take(5)
    assert again is not None
    assert (again.number, again.params, again.user_attrs[ATTEMPTS]) == (3, values, 2)


def test_no_more_trials_are_run_than_asked_however_many_take_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = made_settings()
    study = made_study(tmp_path, settings)
    fill(study, 3, hill)
    late = SharedStudy(open_storage(f"sqlite:///{tmp_path / 'search.db'}"), "made", settings)
    before = study.trials(9)[:2]  # as it saw the study before others took the third
    seen = iter([before])
    monkeypatch.setattr(late, "trials", lambda total: next(seen, study.trials(total)))
    assert late.take(3) is None
    trials = study.trials(9)
    assert len(trials) == 4
    assert trials[3].state == TrialState.WAITING  # put back, and begun by nobody
    assert not {WORKER, ATTEMPTS} & trials[3].user_attrs.keys()
    assert is_over(trials[:3], 3)
    assert is_open(trials, 4)
    fill(study, 4, hill)
    assert [trial.number for trial in study.trials(9) if trial.state.is_finished()] == [0, 1, 2, 3]


def test_only_trials_of_dead_processes_are_put_back(tmp_path: Path) -> None:
    study = made_study(tmp_path, made_settings())
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here = platform.node()
    own = psutil.Process().create_time()
    workers = [
        {"host": here, "pid": os.getpid(), "began": own},
        {"host": here, "pid": os.getpid(), "began": own - 1000},  # a number that is used again
        {"host": here, "pid": dead.pid, "began": own},
    ]
    for worker in workers:
        trial = study.take(3)
        assert trial is not None
        trial.set_user_attr(WORKER, worker)
    assert StaleTrialReaper(study).reap(study.trials(3)) == [1, 2]
    states = [trial.state for trial in study.trials(3)]
    assert states == [TrialState.RUNNING, TrialState.WAITING, TrialState.WAITING]


def test_a_process_elsewhere_is_dead_when_it_gives_no_sign_of_life(tmp_path: Path) -> None:
    study = made_study(tmp_path, made_settings())
    now = [0.0]
    reaper = StaleTrialReaper(study, clock=lambda: now[0])
    trial = study.take(1)
    assert trial is not None
    trial.set_user_attr(WORKER, {"host": "another", "pid": 1, "began": 0.0})
    for beat in range(3):
        trial.set_user_attr(BEAT, beat)
        assert reaper.reap(study.trials(1)) == []
        now[0] += GRACE_S
        assert reaper.reap(study.trials(1)) == []
    now[0] += 1
    assert reaper.reap(study.trials(1)) == [0]
    assert reaper.reap(study.trials(1)) == []


def test_a_trial_that_two_finish_keeps_the_first_result(tmp_path: Path) -> None:
    study = made_study(tmp_path, made_settings())
    slow = study.take(1)
    assert slow is not None
    study.put_back(slow._trial_id)
    fast = study.take(1)
    assert fast is not None
    study.tell(fast, 0.5, TrialState.COMPLETE)
    study.tell(slow, 0.5, TrialState.COMPLETE)
    study.put_back(slow._trial_id, unharmed=True)
    assert [(trial.state, trial.value) for trial in study.trials(1)] == [(TrialState.COMPLETE, 0.5)]


def test_settings_come_back_from_the_database(tmp_path: Path) -> None:
    settings = made_settings({"epochs": 3, "initialisation": "kaiming"}, seeds=(4, 5))
    study = made_study(tmp_path, settings)
    assert read_settings(study.storage, "made") == settings
    assert made_study(tmp_path, settings).name == "made"


def test_a_study_of_something_else_is_refused(tmp_path: Path) -> None:
    study = made_study(tmp_path, made_settings())
    for other, message in (
        (made_settings({"epochs": 9}), "epochs is 2 there and 9 here"),
        (made_settings(seeds=(7,)), "seeds is"),
        (made_settings(vary=["dropout=0..0.5"]), "learning_rate is"),
        (made_settings(sampler="random"), "sampler is tpe there and random here"),
    ):
        with pytest.raises(UserError, match=message):
            create_or_join(study.storage, "made", other)
    with pytest.raises(UserError, match="no study 'absent'"):
        read_settings(study.storage, "absent")
    with pytest.raises(UserError, match="not of this program"):
        settings_from({"contender": "mlp"})


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "`storage` (=nonsense) is no URL of a database"),
        ("sqlite:////nowhere/at/all.db", "cannot be opened"),
        ("postgresql+psycopg://me:secret@/x?host=/nowhere", "cannot be opened"),
    ],
)
def test_a_database_that_is_not_there(url: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        open_storage(url)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
