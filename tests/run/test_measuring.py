"""What a run measures of itself, and that it changes nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from spikeoff.contenders.registry import find
from spikeoff.ledger.environment import side_by_side
from spikeoff.ledger.sensors import Counter, Sensors
from spikeoff.run import measuring
from spikeoff.run.run_record import RunRecord, read_run
from spikeoff.run.session import run
from tests import small_data
from tests.run.test_session import BY_SPEED, SMALL

CORE_W, IDLE_W = 10.0, 3.0


def processor() -> Sensors:
    """Draws 3 W always, and 10 W more for every second that this process computes."""
    return Sensors((
        Counter("CPU", "cpu", lambda: CORE_W * time.process_time() + IDLE_W * time.monotonic()),
    ))  # fmt: skip


def small(name: str, folder: Path, **changes: Any) -> RunRecord:
    fields = {
        "epochs": 1, "n_train": 300, "n_validation": 60, "timing_seconds": 0.0,
        "energy_seconds": 0.0, "mnist_path": small_data.path(), **SMALL[name],
    }  # fmt: skip
    return run(name, find(name).config_type(save_path=folder, **(fields | changes)))


def entry(record: RunRecord, quantity: str) -> dict[str, Any]:
    (found,) = [
        one
        for one in record.summary["energy"]
        if one["quantity"] == quantity and one["provenance"] != "estimated"
    ]
    return dict(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_SPEED)
def test_measuring_changes_no_weight_and_no_answer(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = small(name, tmp_path / "plain")
    monkeypatch.setattr(measuring, "find_sensors", lambda device: processor())
    measured = small(name, tmp_path / "measured", timing_seconds=0.05, energy_seconds=0.6)
    for file in ("weights.safetensors", "predictions.npz"):
        assert (plain.folder / file).read_bytes() == (measured.folder / file).read_bytes()
    assert plain.summary["accuracy"] == measured.summary["accuracy"]

    assert "latency_ms" not in plain.summary["time"]
    latency = measured.summary["time"]["latency_ms"]
    assert latency["batch"] == 1
    assert 0 < latency["q1"] <= latency["median"] <= latency["q3"]
    throughput = measured.summary["time"]["throughput"]
    assert throughput["batch"] <= 60
    assert throughput["images_per_s"]["median"] > 0

    for quantity in ("training", "inference"):
        assert entry(plain, quantity)["provenance"] == "unavailable"
        found = entry(measured, quantity)
        assert found["provenance"] == "measured"
        idle = found["idle_w"]["CPU"]
        assert IDLE_W <= idle < IDLE_W + CORE_W / 2
        assert found["value"] == pytest.approx(found["gross"] - idle * found["seconds"])
        assert found["parts"] == pytest.approx({"cpu": found["value"]})
        assert found["value"] > 0
    assert 1 <= entry(measured, "inference")["images"] <= 60
    row = measured.rows[0]
    assert (row["energy_gross_j"] or 0) > (row["energy_cpu_j"] or 0) > 0


def test_without_a_sensor_the_record_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "no RAPL domain readable: there is none"
    monkeypatch.setattr(measuring, "find_sensors", lambda device: Sensors(missing=(reason,)))
    start = time.perf_counter()
    small("mlp", tmp_path / "run", energy_seconds=600.0)
    assert time.perf_counter() - start < 100  # no window was waited for
    written = json.loads((tmp_path / "run" / "summary.json").read_text())
    found = [one for one in written["energy"] if one["provenance"] == "unavailable"]
    assert [one["quantity"] for one in found] == ["training", "inference"]
    assert all(one["value"] is None and one["method"] == reason for one in found)
    assert "energy_gross_j" not in read_run(tmp_path / "run").rows[0]
    log = (tmp_path / "run" / "honest_cnn_log.log").read_text()
    assert f"energy: {reason}" in log


def test_beside_other_runs_no_sensor_is_looked_for_and_the_record_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "find_sensors", lambda _: processor())
    with side_by_side(2):
        record = small("mlp", tmp_path / "run", energy_seconds=600.0)
    assert entry(record, "inference")["method"] == measuring.BESIDE_OTHERS
    assert record.summary["environment"]["runs_at_a_time"] == 2
    alone = small("mlp", tmp_path / "alone", energy_seconds=0.3)
    assert entry(alone, "inference")["provenance"] == "measured"
    assert alone.summary["environment"]["runs_at_a_time"] == 1


def test_switched_off_no_sensor_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(device: str) -> Sensors:
        raise AssertionError("must not look")

    monkeypatch.setattr(measuring, "find_sensors", look)
    record = small("mlp", tmp_path / "run")
    assert "switched off" in entry(record, "inference")["method"]


@pytest.mark.slow
def test_training_images_answer_where_none_validate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "find_sensors", lambda device: processor())
    record = small("mlp", tmp_path / "run", n_validation=0, energy_seconds=0.6, timing_seconds=0.01)
    assert "training images" in entry(record, "inference")["scope"]
    assert record.summary["time"]["latency_ms"]["n"] > 0
