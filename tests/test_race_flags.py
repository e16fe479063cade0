"""How many runs of a race take place at a time where no flag says so."""

from __future__ import annotations

from typing import Any

import pytest

from spikeoff.cli.execution import Execution
from spikeoff.cli.race_flags import RaceFlags
from spikeoff.contenders import hardware
from spikeoff.ledger import environment, sensors
from spikeoff.ledger.sensors import Counter, Sensors


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


def test_flags_and_clusters_go_before_the_usual_number() -> None:
    assert Execution().or_else(2).workers == 2
    assert Execution(workers=1).or_else(2).workers == 1
    assert Execution(executor="ray").or_else(2).workers is None
    assert Execution().or_else(1).workers is None
    again = Execution().or_else(2).again("compare", "--resume", "there")
    assert again == "spikeoff compare --resume there --workers 2"
