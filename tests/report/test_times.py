"""Times in a table, from records that are written down here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from spikeoff.report.conditions import facts
from spikeoff.report.time_table import CAPTION, caption, time_rows
from spikeoff.run.run_record import RunRecord
from tests.report.test_comparison import record


def timed(base: RunRecord, factor: float) -> RunRecord:
    latency: dict[str, Any] = {"batch": 1, "median": 2.0 * factor, "q1": 1.5 * factor,
                               "q3": 4.0 * factor, "n": 9}  # fmt: skip
    images = {"median": 5000.0 / factor, "q1": 4500.0 / factor, "q3": 6000.0 / factor, "n": 7}
    time = {
        **base.summary["time"],
        "latency_ms": latency,
        "throughput": {"batch": round(256 * factor), "images_per_s": images, "tried": {}},
    }
    return replace(base, summary={**base.summary, "time": time})


def test_median_and_quartiles_stand_beside_each_other() -> None:
    (row,) = time_rows([timed(record("mlp", 0, 1, 10.0), 1.0)])
    assert row["Latency of one image (ms)"] == "2 (1.5 to 4)"
    assert row["Images/s"] == "5,000 (4,500 to 6,000)"
    assert row["Batch"] == "256"


def test_several_seeds_show_means_and_every_batch() -> None:
    runs = [timed(record("mlp", seed, 1, 10.0), factor) for seed, factor in ((0, 1.0), (1, 2.0))]
    (row,) = time_rows(runs)
    assert row["Latency of one image (ms)"] == "3 (2.25 to 6)"
    assert row["Batch"] == "256, 512"


def test_times_beside_other_runs_are_said_to_be_slower() -> None:
    alone = record("mlp", 0, 1, 10.0)
    where = alone.summary["environment"]
    beside = replace(
        alone, summary={**alone.summary, "environment": {**where, "runs_at_a_time": 2}}
    )
    assert caption([alone]) == CAPTION
    assert "Up to 2 runs took place at a time" in caption([alone, beside])
    values = {fact.name: [value for value, _ in fact.values] for fact in facts([alone, beside])}
    assert values["Runs at a time"] == ["1", "2"]


def test_the_best_contender_stands_first_and_old_records_have_no_latency() -> None:
    first, second = time_rows([record("snn", 0, 4, 100.0), record("mlp", 0, 1, 10.0)])
    assert (first["Contender"], second["Contender"]) == ("mlp", "snn")
    assert first["Latency of one image (ms)"] == first["Images/s"] == "unavailable"
    assert first["Training (s)"] == "10"
    assert first["Whole test set (ms/image)"] == "1"
