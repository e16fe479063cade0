"""Sentences about answers with confidence, from records that are written down here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from spikeoff.ledger.operation_energy import load_table
from spikeoff.report.confident_answers import confident, say
from spikeoff.report.groups import group
from spikeoff.report.page import render
from spikeoff.report.verdict import run_energy
from spikeoff.run.record_schema import fault
from spikeoff.run.run_record import RunRecord
from tests.report.test_anytime import SPIKING
from tests.report.test_comparison import RECORDS

TABLE = load_table()


def with_confidence(record: RunRecord, threshold: float | None, **changes: Any) -> RunRecord:
    """Half of the operations and a quarter of the steps' mean, in whole numbers."""
    operations = record.summary["operations"]
    early = {
        "threshold": threshold, "unit": "output spikes", "tolerance": 0.002, "accuracy": 0.93,
        "readings": 1.0, "mean_steps": 11.25, "quartiles": [8.0, 10.0, 14.0],
        "effective_acs": operations["effective_acs"] / 2, "effective_macs": 0.0,
        "membrane_updates": operations["membrane_updates"] / 2, "counted": 2000, **changes,
    }  # fmt: skip
    summary = {**record.summary, "early": early, "operations": {**operations, "steps": 50.0}}
    return replace(record, summary=summary)


RUNS = [with_confidence(SPIKING[0], 3.0), with_confidence(SPIKING[1], 4.5)]


def test_the_sentence_has_threshold_steps_accuracy_and_energy() -> None:
    (one,) = confident(group([*RUNS, *RECORDS[2:]]), TABLE)
    assert one.share == pytest.approx(0.5)
    final = 50 * sum(record.summary["accuracy"]["test"] for record in RUNS)
    assert say(one) == (
        "snn stops when the margin reaches 3 to 4.5 (output spikes): 11.2 of 50 steps in the mean "
        f"(quartiles 8, 10 and 14), 93.00 % against {final:.2f} % at the end, with 0.5 times the "
        "energy."
    )


def test_a_network_that_never_stops_early_is_said_to() -> None:
    (one,) = confident(group([with_confidence(SPIKING[0], None)]), TABLE)
    assert say(one) == (
        "snn takes all its steps: on the validation images, every threshold loses more than 0.2 "
        "points."
    )


def test_products_and_votes_of_early_answers_cost_energy() -> None:
    record = RUNS[0]
    summary = record.summary
    voting = replace(
        record,
        summary={**summary, "operations": {**summary["operations"], "readout": 100.0}},
    )
    early = summary["early"]
    energies = [
        run_energy(voting, TABLE, {**early, **changes})[0]
        for changes in ({}, {"readings": 3.0}, {"effective_macs": 200.0})
    ]
    products = [energy.synapses + energy.extras for energy in energies]
    mac = TABLE.multiply + TABLE.add
    assert products[1] - products[0] == pytest.approx(200 * mac)
    assert products[2] - products[0] == pytest.approx(200 * mac)


@pytest.mark.slow
def test_records_of_earlier_versions_go_without_and_damaged_ones_are_found() -> None:
    assert confident(group(RECORDS), TABLE) == []
    assert confident(group([RUNS[0], SPIKING[1]]), TABLE) == []
    assert "Stopping with confidence" not in render([*SPIKING, *RECORDS[2:]], TABLE)
    html = render([*RUNS, *RECORDS[2:]], TABLE)
    assert "Stopping with confidence" in html
    assert say(confident(group(RUNS), TABLE)[0]) in html
    told = fault({**RUNS[0].summary, "early": {"threshold": "low"}})
    assert told is not None
    assert "early" in told
