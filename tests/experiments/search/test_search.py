"""``spikeoff search`` as a user types it, killed and gone on with."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from spikeoff.cli import main
from spikeoff.experiments.search.results import BEST, TRIALS
from spikeoff.experiments.search.study import SharedStudy, open_storage, read_settings
from spikeoff.experiments.search.worker import work
from spikeoff.experiments.search.worker_pool import WorkerPool
from tests import gated, small_data
from tests.experiments.search.killed import count, kill_and_finish, trials_of
from tests.experiments.search.postgres import server

SMALL = [gated.NAME, "--n_hidden", "16", "--n_train", "1000", "--n_validation", "200",
         "--epochs", "6", "--n_trials", "8", "--mnist_path", small_data.path()]  # fmt: skip
LONGEST_S = 300.0


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of ``spikeoff search ARGUMENTS``."""
    with pytest.raises(SystemExit) as caught:
        main(["search", *arguments])
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mpl"], "'mpl' is no contender"),
        (["mlp", "--n_trials", "0"], "`n_trials` (=0) must be from 1"),
        (["mlp", "--workers", "0"], "`workers` (=0) must be from 1"),
        (["mlp", "--seeds", "1", "1"], "`seeds` names 1 twice"),
        (["mlp", "--n_validation", "0"], "a search needs validation images"),
        (["diehl-cook", "--test_mode"], "never looks at test images"),
        (["mlp", "--vary", "dropout=0..2"], "dropout cannot be 2.0: `dropout` (=2.0) must be"),
        (["mlp", "--vary", "dropout=0..0.5", "--space", "x.toml"], "leave one of them out"),
        (["mlp", "--space", "x.toml"], "x.toml: cannot be read: No such file"),
        (["mlp", "--config", "x.toml"], "x.toml: cannot be read: No such file"),
        (["mlp", "--epochs", "0"], "`epochs` (=0) must be at least 1"),
        (["mlp", "--mnist_path", "nowhere"], "'nowhere': no such file"),
        (["mlp", "--storage", "nonsense"], "`storage` (=nonsense) is no URL of a database"),
        (["mlp", "--save_path", "/dev/null/x"], "/dev/null/x: cannot be made"),
        (["--resume", "nowhere"], "nowhere: no search in this folder (search.json is missing)"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = call(capsys, *arguments)
    assert (status, err.count("\n")) == (2, 1)
    assert message in err
    assert not list(tmp_path.iterdir())


def test_help_tells_both_kinds_of_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert "izhikevich-stdp" in call(capsys)[1]
    status, out, _ = call(capsys, "izhikevich-stdp", "--help")
    assert status == 0
    assert all(flag in out for flag in ("--vary", "--pruner", "--stdp_lr", "--n_train"))


def begin(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "spikeoff", "search", *arguments],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip


def wait_for(search: subprocess.Popen[str], folder: Path, over: int) -> None:
    """Wait until so many trials are over and another has trained for an epoch."""
    deadline = time.monotonic() + LONGEST_S
    while not (folder / "search.json").is_file():
        assert search.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    storage = open_storage(f"sqlite:///{folder / 'search.db'}")
    while True:
        assert search.poll() is None and time.monotonic() < deadline
        trials = trials_of(storage)
        if count(trials, TrialState.COMPLETE, TrialState.PRUNED) >= over and any(
            trial.state == TrialState.RUNNING and trial.intermediate_values for trial in trials
        ):
            return
        time.sleep(0.01)


def work_here(pool: WorkerPool, finished: int, **_: object) -> None:
    """Run all trials in this process, in place of a worker's."""
    url, name, total, machine, _messages = pool._arguments
    storage = open_storage(url)
    settings = read_settings(storage, name)
    assert settings is not None
    work(SharedStudy(storage, name, settings), total, machine, lambda: None)


def without_times(folder: Path) -> list[dict[str, Any]]:
    rows = csv.DictReader((folder / TRIALS).read_text().splitlines())
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> gated.Gate:
    """The gate that each trial of ``SMALL`` must pass; so a search ends no sooner than wanted."""
    gated.register(monkeypatch, tmp_path / "site")
    return gated.Gate(tmp_path / "gate")


@pytest.mark.slow
def test_a_killed_and_a_stopped_search_go_on_to_the_same_trials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gate: gated.Gate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The search that nothing disturbs trains in this process, the other in one after another."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    flags = [*SMALL, "--gate", str(gate.folder), "--num_threads", "1"]
    gate.admit(8)
    with monkeypatch.context() as patch:
        patch.setattr(WorkerPool, "keep_up", work_here)
        assert call(capsys, *flags, "--save_path", str(whole))[0] == 0
    gate.shut()

    gate.admit(1)
    killed = begin(*flags, "--save_path", str(broken))
    wait_for(killed, broken, 1)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()

    gate.admit(2)
    stopped = begin("--resume", str(broken))
    wait_for(stopped, broken, 3)
    stopped.send_signal(signal.SIGTERM)
    _, err = stopped.communicate(timeout=LONGEST_S)
    assert stopped.returncode == 143
    assert f"go on with: spikeoff search --resume {broken}" in err

    gate.open()
    status, out, err = call(capsys, "--resume", str(broken))
    assert status == 0
    assert f"--config {broken / BEST}" in out
    assert without_times(broken) == without_times(whole)
    assert len(without_times(whole)) == 8
    assert (broken / BEST).read_text() == (whole / BEST).read_text()


@pytest.mark.cluster
def test_two_commands_share_a_study_on_postgresql_that_a_third_was_killed_in(
    tmp_path: Path, gate: gated.Gate
) -> None:
    gate.admit(2)
    flags = [*SMALL, "--gate", str(gate.folder)]
    with server() as url:
        seen = kill_and_finish(flags, url, tmp_path / "searches", after=2, then=gate.open)
    broken = [trial for trial in seen.before if not trial.state.is_finished()]
    assert broken
    asked, surplus = seen.after[:8], seen.after[8:]  # two at once may take one too many
    assert [trial.number for trial in asked] == list(range(8))
    assert all(trial.state in (TrialState.COMPLETE, TrialState.PRUNED) for trial in asked)
    assert all(trial.state == TrialState.WAITING and not trial.params for trial in surplus)
    for trial in seen.before:
        then = seen.after[trial.number]
        assert trial.params.items() <= then.params.items()
        if trial.state.is_finished():
            assert then == trial
        else:
            assert trial.intermediate_values.items() <= then.intermediate_values.items()
    second, third = (without_times(tmp_path / "searches" / name) for name in ("second", "third"))
    assert second == third
    assert len(second) == 8
