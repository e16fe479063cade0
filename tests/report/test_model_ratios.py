"""Pairs under all models: bits, signs, billings, and what a table shows of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from spikeoff.ledger.energy_models.registry import find, models
from spikeoff.ledger.operation_energy import load_table, stepped_table
from spikeoff.report.chips import CHIPS, chip_rows
from spikeoff.report.model_ratios import PairRatios, activation_bits, model_ratios
from spikeoff.report.model_table import matrix, terminal_matrix
from spikeoff.report.networks import network_of
from spikeoff.report.page import write_comparison
from tests.report.test_comparison import RECORDS
from tests.report.test_verdict import run

TABLE = load_table()


def of(pair: PairRatios, model: str) -> Any:
    return next(one for one in pair.ratios if one.model == model)


@pytest.mark.parametrize(("steps", "bits"), [(1, 1), (20, 5), (31, 5), (32, 6), (50, 6), (706, 10)])
def test_bits_that_tell_counts_of_spikes_apart(steps: float, bits: int) -> None:
    assert activation_bits(steps) == bits


def test_ratios_are_the_models_totals() -> None:
    groups = {
        "snn": [run("izhikevich", acs=4000, updates=60 * 30, dense=None)],
        "ann": [run(None, macs=300, dense=None)],
    }
    (pair,) = model_ratios(groups, TABLE)
    assert pair.bits == 6  # of 60 steps
    assert [one.model for one in pair.ratios] == [m.name for m in models() if not m.one_sided]
    ours = network_of(groups["snn"][0])
    twin = network_of(groups["ann"][0], activation_bits=6)
    for one in pair.ratios:
        model = find(one.model)
        assert one.skipping == pytest.approx(model.total(ours) / model.total(twin))
        dense = model.total(twin.without_skipping())
        assert one.dense == pytest.approx(model.total(ours) / dense)
    assert of(pair, "davidson-furber").skipping == pytest.approx(7 * 4000 / (12 * 300))
    assert of(pair, "davidson-furber").dense == pytest.approx(7 * 4000 / (12 * 1200))
    assert of(pair, "bit-ops").skipping == pytest.approx(4000 / (300 * 6))


def test_signs() -> None:
    groups = {"snn": [run("izhikevich", acs=400, updates=30)], "ann": [run(None, macs=100)]}
    signs = {}
    for acs in (100, 1000, 100_000):
        groups["snn"] = [run("izhikevich", acs=acs, updates=30, dense=None)]
        groups["ann"] = [run(None, macs=100, dense=None)]
        (pair,) = model_ratios(groups, TABLE)
        signs[acs] = of(pair, "davidson-furber").sign
    assert signs == {100: "saves", 1000: "depends", 100_000: "costs"}


def test_missing_synapses_are_billed_both_ways() -> None:
    groups = {
        "snn": [run("izhikevich", acs=400, updates=30, synapses=100, dense=None)],
        "ann": [run(None, macs=100, synapses=100, dense=None)],
    }
    stored, dense = model_ratios(groups, TABLE)
    assert (stored.billing, dense.billing) == ("stored", "dense")
    assert stored.fair
    assert not dense.fair
    ours, theirs, _ = (of(pair, "smooth").energies for pair in (dense, stored, dense))
    assert ours[0] > theirs[0]
    # 100 synapses and 200 of the output are computed where they are stored, 1,200 places otherwise.
    assert of(stored, "davidson-furber").energies[1] == pytest.approx(0.72 * 300)
    assert of(dense, "davidson-furber").energies[1] == pytest.approx(0.72 * 1200)


def test_a_users_table_is_one_more_model() -> None:
    groups = {"snn": [run("izhikevich", acs=400, updates=30)], "ann": [run(None, macs=100)]}
    (pair,) = model_ratios(groups, stepped_table())
    assert pair.ratios[-1].model == "your table"
    assert pair.ratios[-1].skipping == pytest.approx(of(pair, "counts").skipping)


def test_the_matrix_says_why_a_model_does_not_apply() -> None:
    groups = {"snn": [run("izhikevich", acs=400, updates=30)], "ann": [run(None, macs=100)]}
    groups["snn"][0].summary["neuron"] = None
    pairs = model_ratios(groups, TABLE)
    shown = matrix(pairs)
    assert shown is not None
    (column,) = shown.columns
    cells = dict(zip(shown.models, column.cells, strict=True))
    assert "cost of an update" in cells["smooth"].why
    assert cells["bit-ops"].why == ""
    assert cells["(spyx-8bit)"].sign in ("saves", "costs", "depends")
    console = Console(width=200, record=True)
    table = terminal_matrix(pairs)
    assert table is not None
    console.print(table)
    text = console.export_text()
    assert "snn" in text
    assert f"{column.agree}" in text
    assert matrix([]) is None
    assert terminal_matrix([]) is None


def test_estimates_stand_beside_measured_chips() -> None:
    rows = chip_rows({"snn": RECORDS[:2], "ann": RECORDS[2:]})
    assert len(rows) == len(CHIPS) + 2
    assert "with the constants of Loihi" in rows[-2]["Source"]
    assert "Loihi" not in rows[-1]["Source"]
    assert [row["Network"] for row in rows[-2:]] == ["spiking", "conventional"]
    # 3 M synaptic operations of 23.6 pJ: 70.8 uJ
    assert "; 71 with the constants" in rows[-2]["Source"]


def test_all_ratios_are_in_the_numbers(tmp_path: Path) -> None:
    numbers = write_comparison(RECORDS, tmp_path, TABLE)[2]
    content = json.loads(numbers.read_text())["energy_models"]
    assert {one["name"] for one in content["models"]} == {model.name for model in models()}
    (pair,) = content["pairs"]
    assert (pair["spiking"], pair["twin"], pair["same_synapses"]) == ("snn", "mlp", True)
    found = {one["model"]: one for one in pair["ratios"]}
    assert found["davidson-furber"]["twin_zero_skipping"] == pytest.approx(7 * 3 / (12 * 2))
