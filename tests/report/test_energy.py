"""Three kinds of energy in one table, from records that are written down here."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from spikeoff.ledger.operation_energy import load_table
from spikeoff.report.energy_table import Amount, energy_rows, energy_table, how, joules
from spikeoff.report.race_table import write_csv
from spikeoff.run.run_record import RunRecord
from tests.report.test_comparison import record

TABLE = load_table()
TEST_S, N_TEST, RIGHT, TDP = 0.1, 100, 0.96, 160.0


def with_energy(
    base: RunRecord, *, training: float | None, inference: float | None, images: int = 50
) -> RunRecord:
    """The record with measured energy, or with what says that there is none."""
    entries: list[dict[str, Any]] = [
        {"quantity": "test", "value": TDP * TEST_S, "provenance": "estimated"}
    ]
    for quantity, value in (("training", training), ("inference", inference)):
        entries.append(
            {"quantity": quantity, "value": None, "provenance": "unavailable", "method": "no RAPL"}
            if value is None
            else {
                "quantity": quantity, "value": value, "provenance": "measured", "method": "by zeus",
                "images": images,
            }
        )  # fmt: skip
    energy = [*base.summary["energy"], *entries]
    return replace(base, summary={**base.summary, "energy": energy})


MEASURED = with_energy(record("snn", 0, 4, 100.0), training=2500.0, inference=0.3)
NOT = with_energy(record("snn", 0, 4, 100.0), training=None, inference=None)
OLD = record("snn", 0, 4, 100.0)


def test_an_image_and_a_right_answer_each_way() -> None:
    assert joules(MEASURED, "image", "measured", TABLE) == pytest.approx(0.3 / 50)
    assert joules(MEASURED, "right answer", "measured", TABLE) == pytest.approx(0.3 / 50 / RIGHT)
    tdp = TDP * TEST_S / N_TEST
    assert joules(MEASURED, "image", "TDP x time", TABLE) == pytest.approx(tdp)
    assert joules(MEASURED, "right answer", "TDP x time", TABLE) == pytest.approx(tdp / RIGHT)
    assert joules(MEASURED, "training", "TDP x time", TABLE) == TDP * 100
    assert joules(MEASURED, "training", "measured", TABLE) == 2500.0
    # 3 M additions of 0.9 pJ, each with a weight of 4 B among 4.9 MB: 100 pJ above 1 MiB
    synapses = 3e6 * (0.9 + 100) * 1e-12
    assert joules(MEASURED, "image", "operations", TABLE) == pytest.approx(synapses, rel=1e-3)


@pytest.mark.parametrize("run", [NOT, OLD], ids=["no sensor", "earlier version"])
def test_what_was_not_measured_is_unavailable_and_not_zero(run: RunRecord) -> None:
    (row,) = energy_rows([run], TABLE)
    for ways in row.amounts.values():
        assert ways["measured"] == Amount(None, None, "unavailable")
        assert str(ways["measured"]) == "unavailable"
    assert row.amounts["training"]["TDP x time"].value == 16_000


def test_estimates_do_not_become_measurements() -> None:
    for run in (MEASURED, NOT, OLD):
        for ways in energy_rows([run], TABLE)[0].amounts.values():
            for way, amount in ways.items():
                allowed = {"measured", "unavailable"} if way == "measured" else {
                    "estimated", "unavailable"
                }  # fmt: skip
                assert amount.provenance in allowed


def test_one_run_without_a_measurement_leaves_no_mean() -> None:
    other = with_energy(record("snn", 1, 6, 100.0), training=None, inference=None)
    (row,) = energy_rows([MEASURED, other], TABLE)
    assert row.amounts["image"]["measured"].value is None
    assert row.amounts["image"]["TDP x time"].deviation is not None


def test_neurons_of_unknown_cost_leave_operations_unavailable() -> None:
    unknown = replace(MEASURED, summary={**MEASURED.summary, "neuron": None})
    assert joules(unknown, "image", "operations", TABLE) is None


@pytest.mark.parametrize(
    ("value", "deviation", "text"),
    [
        (12_345.0, None, "12.3 kJ"),
        (1.0, 0.25, "1 ± 0.25 J"),
        (0.0021034, None, "2.1 mJ"),
        (5.2e-5, 1e-6, "52 ± 1 µJ"),
        (0.257, 0.2503, "257 ± 250 mJ"),
        (3e-13, None, "0.3 pJ"),
    ],
)
def test_amounts_have_a_fitting_unit(value: float, deviation: float | None, text: str) -> None:
    assert str(Amount(value, deviation, "measured")) == text


def test_the_terminal_tells_all_three_and_how(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(width=144)
    console.print(energy_table([MEASURED], TABLE))
    console.print(energy_table([NOT], TABLE))
    console.print(energy_table([OLD], TABLE))
    told = " ".join(capsys.readouterr().out.split())
    for text in (
        "2.5 kJ", "16 kJ", "6 mJ", "6.25 mJ", "Measured: by zeus.",
        "Measured: unavailable, no RAPL.",
        "Measured: unavailable, not recorded by this earlier version.", "45 nm CMOS", "160 W",
    ):  # fmt: skip
        assert text in told


def test_an_estimate_by_time_says_when_other_runs_shared_the_processor() -> None:
    where = {**OLD.summary["environment"], "runs_at_a_time": 2}
    beside = replace(OLD, summary={**OLD.summary, "environment": where})
    assert "160 W, as if a run had the processor to itself" in how([OLD, beside], TABLE)
    assert "to itself" not in how([OLD], TABLE)


def test_the_csv_carries_them_with_provenance(tmp_path: Path) -> None:
    write_csv([MEASURED, NOT, OLD], TABLE, tmp_path / "c.csv")
    with (tmp_path / "c.csv").open() as stream:
        measured, no_sensor, old = csv.DictReader(stream)
    assert float(measured["image_energy_measured_j"]) == pytest.approx(0.006)
    assert measured["measured_energy"] == "measured"
    for row in (no_sensor, old):
        assert row["training_energy_measured_j"] == row["image_energy_measured_j"] == ""
        assert row["measured_energy"] == "unavailable"
        assert float(row["image_energy_operations_j"]) > 0
    assert no_sensor["measured_energy_method"] == "no RAPL"
