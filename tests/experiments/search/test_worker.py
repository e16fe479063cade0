"""Trials as they are trained: on the images of a run, without its test images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import optuna
import pytest
from optuna.trial import Trial, TrialState

from spikeoff.contenders.gradient.mlp import MLP, MLPConfig
from spikeoff.contenders.presets import preset_fields
from spikeoff.data import MNIST, Dataset, Images
from spikeoff.errors import UserError
from spikeoff.experiments.search import command, worker
from spikeoff.experiments.search.results import BEST, Finished, write_best
from spikeoff.experiments.search.settings import Machine, Settings
from spikeoff.experiments.search.study import ATTEMPTS, REASON, SharedStudy
from spikeoff.experiments.search.trial import EpochOver, train, validation_split
from spikeoff.experiments.search.worker import MAX_ATTEMPTS, Runner, work
from spikeoff.run.session import run
from spikeoff.run.signals import Interrupted
from tests.experiments.search.made import made_settings, made_study

SMALL: dict[str, Any] = {
    "hidden": (16,),
    "n_train": 300,
    "n_validation": 100,
    "epochs": 3,
    "batch_size": 32,
}
MACHINE = Machine(num_threads=1, device="cpu", mnist_path="mnist")


class Untouchable:
    """Test images that must not be looked at."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise AssertionError(f"the test images were touched: {name}")

    def __len__(self) -> NoReturn:
        raise AssertionError("the test images were counted")


@pytest.fixture
def guarded(mnist: Dataset, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The data set, whose test part raises when it is touched, wherever a search loads it."""
    dataset = Dataset("mnist", mnist.train, Untouchable(), mnist.spec)  # type: ignore[arg-type]
    for module in (command, worker):
        monkeypatch.setattr(module, "load_dataset", lambda source: dataset)
    return dataset


def test_a_search_with_another_coding_leaves_out_what_has_no_effect_then(
    guarded: Dataset, tmp_path: Path
) -> None:
    del guarded
    flags = ["--coding", "latency", "--n_train", "50", "--n_validation", "20"]
    flags += ["--n_hidden", "32", "--save_path", str(tmp_path)]
    _, settings = command._new_search("izhikevich-stdp", flags)
    assert "max_rate" not in settings.config
    assert "max_rate" not in settings.space
    assert "hidden_gain" in settings.space
    with pytest.raises(UserError, match=r"`max_rate` \(=0.3\) must be left out"):
        command._new_search("izhikevich-stdp", [*flags, "--max_rate", "0.3"])


@pytest.mark.slow
def test_test_images_are_never_touched_and_accuracy_is_that_of_a_run(
    guarded: Dataset, tmp_path: Path
) -> None:
    values = {name: value for name, value in SMALL.items() if name != "hidden"}
    flags = [word for name, value in values.items() for word in (f"--{name}", str(value))]
    flags += ["--hidden", *map(str, SMALL["hidden"])]
    vary = ["--vary", "learning_rate=log:0.001..0.1", "dropout=0..0.5"]
    _, settings = command._new_search("mlp", [*flags, *vary, "--pruner", "none"])
    study = made_study(tmp_path, settings)
    work(study, 4, MACHINE, lambda: None)
    done = Finished(study.trials(4))
    assert len(done.complete) == 4
    for trial in done.trials[:2]:
        searched = {**preset_fields(MLP, "quick"), **SMALL, **trial.params}
        machine = {"num_threads": 1, "timing_seconds": 0, "energy_seconds": 0}
        config = MLPConfig(**{**searched, **machine}, save_path=tmp_path / str(trial.number))
        summary = run("mlp", config).summary
        assert summary["accuracy"]["validation"] == trial.value


def test_several_seeds_give_the_mean(guarded: Dataset, tmp_path: Path) -> None:
    settings = made_settings(SMALL, seeds=(3, 5))
    study = made_study(tmp_path, settings)
    work(study, 1, MACHINE, lambda: None)
    trial = study.trials(1)[0]
    alone = []
    for seed in settings.seeds:
        config = MLPConfig(**{**SMALL, **trial.params}, seed=seed, num_threads=1)
        parts = validation_split(guarded, config)
        alone.append(train(MLP, config, parts, lambda *_: None, lambda: None))
    assert trial.value == sum(alone) / 2
    assert len(set(alone)) == 2
    assert sorted(trial.intermediate_values) == [1, 2, 3, 4, 5, 6]
    assert trial.intermediate_values[3] == alone[0]
    assert trial.intermediate_values[6] == trial.value


class Scripted(Runner):
    """A runner for trials whose accuracies are given beforehand."""

    def __init__(self, settings: Settings, few: Images) -> None:
        dataset = Dataset("few", few, few, MNIST)
        super().__init__(settings, MACHINE, dataset, lambda: None)


def scripted(monkeypatch: pytest.MonkeyPatch, accuracies: list[float]) -> list[int]:
    """Let training be a walk through ``accuracies``; returns the epochs that were trained."""
    trained: list[int] = []

    def walk(kind: Any, config: Any, parts: Any, epoch_over: EpochOver, asked: Any) -> float:
        for epoch, accuracy in enumerate(accuracies, 1):
            trained.append(epoch)
            epoch_over(epoch, len(accuracies), accuracy)
        return accuracies[-1]

    monkeypatch.setattr(worker, "train", walk)
    monkeypatch.setattr(worker, "validation_split", lambda dataset, config: None)
    return trained


def test_what_is_worse_than_the_others_ends_early(
    tmp_path: Path, few: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = made_study(tmp_path, made_settings(pruner="median"))
    runner = Scripted(study.settings, few)
    good, bad = [0.5, 0.6, 0.7], [0.5, 0.55, 0.9]
    for _ in range(6):
        scripted(monkeypatch, good)
        trial = study.take(99)
        assert trial is not None
        study.tell(trial, *runner.run(trial))
    trained = scripted(monkeypatch, bad)
    trial = study.take(99)
    assert trial is not None
    assert runner.run(trial) == (None, TrialState.PRUNED, "")
    assert trained == [1, 2]


def test_a_trial_that_runs_again_is_judged_where_it_was_not_yet(
    tmp_path: Path, few: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = made_study(tmp_path, made_settings())
    trial = study.take(1)
    assert trial is not None
    trial.report(0.25, 1)
    study.put_back(trial._trial_id)
    scripted(monkeypatch, [0.25, 0.5])
    again = study.take(1)
    assert again is not None
    asked = []

    def should_prune(trial: Trial) -> bool:
        asked.append(trial.number)
        return True

    monkeypatch.setattr(Trial, "should_prune", should_prune)
    assert Scripted(study.settings, few).run(again) == (0.5, TrialState.COMPLETE, "")
    assert not asked  # after the first epoch it was asked before, after the last it is over
    assert study.trials(1)[0].intermediate_values == {1: 0.25, 2: 0.5}


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (UserError("training diverged"), TrialState.PRUNED, "training diverged"),
        (TypeError("a\nfault"), TrialState.FAIL, "TypeError: a fault"),
        (optuna.TrialPruned(), TrialState.PRUNED, ""),
    ],
)
def test_a_trial_without_an_accuracy_says_why_and_stops_no_other(
    guarded: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    state: TrialState,
    reason: str,
) -> None:
    def fail(*arguments: Any) -> float:
        raise error

    monkeypatch.setattr(worker, "train", fail)
    study = made_study(tmp_path, made_settings(SMALL))
    work(study, 2, MACHINE, lambda: None)
    for trial in study.trials(2):
        assert trial.state == state
        assert trial.user_attrs.get(REASON, "") == reason


def test_who_is_asked_to_stop_puts_the_trial_back_unharmed(
    guarded: Dataset, tmp_path: Path
) -> None:
    study = made_study(tmp_path, made_settings(SMALL))
    for _ in range(MAX_ATTEMPTS + 1):
        with pytest.raises(Interrupted):
            work(study, 2, MACHINE, lambda: 15)
    work(study, 2, MACHINE, lambda: None)
    assert [trial.state for trial in study.trials(2)] == [TrialState.COMPLETE] * 2


def test_a_trial_that_kills_its_process_is_given_up(
    tmp_path: Path, few: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = made_study(tmp_path, made_settings())
    scripted(monkeypatch, [0.5])
    runner = Scripted(study.settings, few)
    for attempt in range(MAX_ATTEMPTS):
        trial = study.take(1)
        assert trial is not None
        assert runner.run(trial)[1] == TrialState.COMPLETE, attempt
        study.put_back(trial._trial_id)
    trial = study.take(1)
    assert trial is not None
    assert trial.user_attrs[ATTEMPTS] == MAX_ATTEMPTS + 1
    assert runner.run(trial) == (None, TrialState.FAIL, f"its process died {MAX_ATTEMPTS} times")


def best_file(study: SharedStudy, folder: Path) -> Path:
    write_best(study, Finished(study.trials(9)), "mnist", folder / BEST)
    return folder / BEST


def test_the_best_settings_are_those_of_the_best_trial(tmp_path: Path) -> None:
    from spikeoff.contenders.settings_file import read_settings

    settings = replace(made_settings({"epochs": 2, "patience": 4}), seeds=(6,))
    study = made_study(tmp_path, settings)
    for value in (0.5, 0.7, 0.6):
        trial = study.take(3)
        assert trial is not None
        study.tell(trial, value, TrialState.COMPLETE)
    held = read_settings(best_file(study, tmp_path), "mlp", MLPConfig)
    assert held == {**study.trials(3)[1].params, "epochs": 2, "patience": 4, "seed": 6}
