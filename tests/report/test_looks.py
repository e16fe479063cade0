"""How many networks a figure tells apart, and what a page of many networks looks like."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from spikeoff.ledger.operation_energy import load_table
from spikeoff.report.figures import plane_figure
from spikeoff.report.looks import MOST_TOLD_APART, looks
from spikeoff.report.page import render
from spikeoff.run.run_record import RunRecord
from tests.report.test_equal_accuracy import SNN, network


def pairs(n: int) -> list[RunRecord]:
    """So many sizes of two contenders, each spiking network with its twin."""
    return [network(name, 10 * k, k % 7, 1e4 * k) for k in range(1, n + 1) for name in (SNN, "mlp")]


def grouped(n: int) -> dict[str, list[RunRecord]]:
    return {f"{one.label} {one.summary['config']['hidden']}": [one] for one in pairs(n)}


def test_few_networks_look_different() -> None:
    found = looks(grouped(MOST_TOLD_APART // 2))
    assert len({(one.colour, one.marker) for one in found.values()}) == MOST_TOLD_APART
    assert [one.label for one in found.values()] == list(found)


def test_of_many_those_of_a_contender_look_alike_and_are_named_once() -> None:
    n = MOST_TOLD_APART // 2 + 1
    found = looks(grouped(n))
    assert len({(one.colour, one.marker) for one in found.values()}) == 2
    named = [one.label for one in found.values() if one.label]
    assert named == [f"{SNN} ({n} networks)", f"mlp ({n} networks)"]
    alone = {**grouped(n), "cnn": [replace(pairs(1)[1], summary={**pairs(1)[1].summary,
                                                                 "contender": "cnn"})]}  # fmt: skip
    assert looks(alone)["cnn"].label == "cnn"


def test_the_legend_of_many_networks_is_short() -> None:
    many = plane_figure(pairs(MOST_TOLD_APART))
    few = plane_figure(pairs(2))
    assert [len(figure.axes[0].get_legend_handles_labels()[1]) for figure in (few, many)] == [4, 2]
    assert many.get_size_inches()[1] == few.get_size_inches()[1]


@pytest.mark.slow
def test_a_page_of_many_networks_turns_the_energy_models_and_folds_the_differences() -> None:
    def heads(records: list[RunRecord]) -> list[str]:
        page = render(records, load_table())
        (table,) = re.findall(r'<table class="stack matrix".*?</table>', page, re.DOTALL)
        return re.findall(r'role="columnheader">(.*?)</th>', table)

    few, many = pairs(3), pairs(15)
    assert heads(few)[0] == "Model"
    assert len(heads(few)) == 1 + 3
    assert heads(many)[0] == "Networks"
    assert heads(many)[-1] == "save energy"
    assert "smooth" in heads(many)
    folded = f"<summary>{30 * 29 // 2} pairs of networks</summary>"
    assert folded in render(many, load_table())
    assert "pairs of networks</summary>" not in render(few, load_table())
    for told in ("Of 30 networks", "In words, network by network"):
        assert f"<summary>{told}</summary>" in render(many, load_table())
    for told in ("Of 6 networks", "In words, network by network"):
        assert f"<summary>{told}</summary>" not in render(few, load_table())
