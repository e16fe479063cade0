"""``spikeoff sensors`` on machines with and without."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from spikeoff.cli import main
from spikeoff.ledger.sensors import Counter, SensorError, Sensors
from spikeoff.report import sensor_table as sensors
from tests.ledger.synthetic import World


def told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, found: Sensors
) -> str:
    monkeypatch.setattr(sensors, "processor_sensors", lambda: found)
    monkeypatch.setattr(sensors, "gpu_sensors", lambda: Sensors(missing=("no GPU here",)))
    with pytest.raises(SystemExit) as caught:
        main(["sensors", "--seconds", "0.05"])
    assert not caught.value.code
    return " ".join(capsys.readouterr().out.split())


def test_each_counter_is_told_with_its_power(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(idle=40.0, busy=0.0)
    monkeypatch.setattr(
        sensors, "time", SimpleNamespace(perf_counter=world.clock, sleep=world.sleep)
    )
    counters = (world.counter("cpu", 1.0, wraps_at=262_143.0), world.counter("gpu", 1.75))
    text = told(capsys, monkeypatch, Sensors(counters))
    assert "cpu of the world │ 40.0 │ 262,143" in text
    assert "gpu of the world │ 70.0 │ never" in text
    assert "no GPU here" in text


def test_a_machine_without_says_so_and_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = told(capsys, monkeypatch, Sensors(missing=("no RAPL here",)))
    assert text.startswith("No energy sensor: measured energy is reported as unavailable.")
    assert text.endswith("no RAPL here no GPU here")


def test_a_counter_that_fails_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> float:
        raise SensorError("CPU package-0: gone")

    text = told(capsys, monkeypatch, Sensors((Counter("CPU package-0", "cpu", read),)))
    assert "CPU package-0: gone" in text
