"""Readings on the way in the comparison, from records that are written down here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spikeoff.ledger.operation_energy import image_energy, load_table
from spikeoff.neurons.cost import update_cost
from spikeoff.report.anytime import anytime_figure, early, has_readings, say
from spikeoff.report.groups import group
from spikeoff.report.page import render
from spikeoff.run.run_record import RunRecord
from tests.report.test_comparison import RECORDS

TABLE = load_table()


def with_readings(record: RunRecord, accuracies: list[float]) -> RunRecord:
    operations = record.summary["operations"]
    n = len(accuracies)
    readings: list[dict[str, Any]] = [
        {
            "steps": 5 * k,
            "accuracy": accuracy,
            "effective_acs": operations["effective_acs"] * k / n,
            "membrane_updates": operations["membrane_updates"] * k / n,
        }
        for k, accuracy in enumerate(accuracies, 1)
    ]
    return replace(record, summary={**record.summary, "anytime": readings})


SPIKING = [
    with_readings(RECORDS[0], [0.2, 0.955, 0.96, 0.96]),
    with_readings(RECORDS[1], [0.4, 0.925, 0.94, 0.94]),
]


def test_the_first_reading_close_to_the_end_is_told_with_its_energy() -> None:
    (one,) = early(group([*SPIKING, *RECORDS[2:]]), TABLE)
    assert (one.steps, one.of_steps) == (10, 20)
    assert one.accuracy == pytest.approx(0.94)
    assert one.final == pytest.approx(0.95)
    assert one.share == pytest.approx(0.5)
    ours = image_energy(
        TABLE, macs=0, acs=1.5e6, updates=5, update=update_cost("izhikevich"),
        weight_bytes=4 * 1234567, state_bytes=4 * 2 * 1564,
    ).total  # fmt: skip
    theirs = image_energy(TABLE, macs=2e6, acs=0, updates=0, update=None, weight_bytes=4 * 1234567)
    assert one.ratio == pytest.approx(ours / theirs.total)
    assert say(one) == (
        "snn has an accuracy of 94.00 % after 10 of 20 steps (95.00 % at the end), with 50 % of "
        "the energy. This is 0.72 times the energy of mlp."
    )


def test_without_a_conventional_contender_there_is_no_ratio() -> None:
    (one,) = early(group(SPIKING), TABLE)
    assert (one.conventional, one.ratio) == (None, None)
    assert say(one).endswith("with 50 % of the energy.")


def test_the_figure_draws_every_run_over_steps_and_energy() -> None:
    figure = anytime_figure([*SPIKING, *RECORDS[2:]], TABLE)
    by_steps, by_energy = figure.axes
    drawn = [np.asarray(line.get_xdata()) for line in (*by_steps.lines[:2], *by_energy.lines[:2])]
    assert [line.tolist() for line in drawn[:2]] == [[5, 10, 15, 20]] * 2
    energies = [float(line[-1]) for line in drawn[2:]]
    whole = image_energy(
        TABLE, macs=0, acs=3e6, updates=10, update=update_cost("izhikevich"),
        weight_bytes=4 * 1234567, state_bytes=4 * 2 * 1564,
    ).total  # fmt: skip
    assert energies == pytest.approx([whole / 1e6] * 2)
    (level,) = (np.asarray(line.get_ydata()).tolist() for line in by_steps.lines[2:])
    assert level == [98.0, 98.0]  # the perceptron's mean
    legend = {text.get_text() for text in figure.legends[0].get_texts()}
    assert legend == {"snn", "mlp (no time steps)"}


@pytest.mark.slow
def test_the_page_has_it_where_records_have_readings_and_goes_without_where_not() -> None:
    assert not has_readings(RECORDS)
    assert "Accuracy of early answers" not in render(RECORDS, TABLE)
    mixed = [SPIKING[0], *RECORDS[1:]]  # one run is older
    assert early(group(mixed), TABLE) == []
    html = render(mixed, TABLE)
    assert "Accuracy of early answers" in html
    assert html.count("<svg") == render(RECORDS, TABLE).count("<svg") + 1
