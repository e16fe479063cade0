"""How many runs of a race take place at a time where no flag says so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from spikeoff import cli
from spikeoff.cli.execution import Execution
from spikeoff.cli.race_flags import RaceFlags
from spikeoff.contenders import hardware
from spikeoff.experiments.campaign import entries, open_output
from spikeoff.experiments.campaign.campaign_runner import make_runs
from spikeoff.experiments.campaign.job import Job
from spikeoff.experiments.campaign.local import LocalExecutor
from spikeoff.ledger import environment, sensors
from spikeoff.ledger.sensors import Counter, Sensors
from tests import small_data


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cores, no GPU, no sensor."""
    monkeypatch.setattr(environment, "default_threads", lambda: 2)
    monkeypatch.setattr(sensors, "processor_sensors", Sensors)
    monkeypatch.setattr(hardware, "choose_device", lambda _: "cpu")


@pytest.mark.parametrize(
    ("flags", "workers"),
    [
        ({}, 2),
        ({"preset": "tuned"}, 1),
        ({"preset": "original"}, 1),
        ({"num_threads": 2}, 1),
    ],
)
def test_the_quick_preset_runs_two_at_a_time(flags: dict[str, Any], workers: int) -> None:
    assert RaceFlags(**flags)._usual_workers() == workers


def test_one_core_or_a_gpu_takes_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "choose_device", lambda _: "cuda")
    assert RaceFlags()._usual_workers() == 1
    monkeypatch.setattr(hardware, "choose_device", lambda _: "cpu")
    monkeypatch.setattr(environment, "default_threads", lambda: 1)
    assert RaceFlags()._usual_workers() == 1


def test_where_energy_is_measured_a_run_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter("CPU", "cpu", lambda: 0.0)
    monkeypatch.setattr(sensors, "processor_sensors", lambda: Sensors((counter,)))
    assert RaceFlags()._usual_workers() == 1
    assert RaceFlags(energy_seconds=0.0)._usual_workers() == 2


@pytest.mark.parametrize(("names", "workers"), [(["mlp"], 1), (["mlp", "cnn"], 2)])
def test_no_more_runs_at_a_time_than_there_are(
    names: list[str], workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    executors: list[LocalExecutor] = []

    def race(*_: object, executor: LocalExecutor, **__: object) -> list[str]:
        executors.append(executor)
        return []

    monkeypatch.setattr("spikeoff.experiments.campaign.race", race)
    with pytest.raises(SystemExit):
        cli.main(["compare", *names, "--no_twins"])
    assert [one.workers for one in executors] == [workers]


@pytest.mark.parametrize(("names", "at_a_time"), [(["mlp"], 1), (["mlp", "cnn"], 2)])
def test_a_single_run_is_alone_whatever_the_number_of_workers(
    names: list[str], at_a_time: int, tmp_path: Path
) -> None:
    jobs: list[Job] = []

    class Executor(LocalExecutor):
        def run(self, given: Sequence[Job], _: object) -> None:
            jobs.extend(given)

    runs = entries(names, (0,), "quick", {"mnist_path": str(small_data.path())}, tmp_path)
    with open_output(str(tmp_path)) as folder:
        make_runs(runs, folder, Console(quiet=True), executor=Executor(2), live=Console(quiet=True))
    assert [job.at_a_time for job in jobs] == [at_a_time] * len(names)


def test_flags_and_clusters_go_before_the_usual_number() -> None:
    assert Execution().or_else(2).workers == 2
    assert Execution(workers=1).or_else(2).workers == 1
    assert Execution(executor="ray").or_else(2).workers is None
    assert Execution().or_else(1).workers is None
    again = Execution().or_else(2).again("compare", "--resume", "there")
    assert again == "spikeoff compare --resume there --workers 2"
