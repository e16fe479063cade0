"""What the page opens with, and the conditions that it ends with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from spikeoff.report.answer import answer
from spikeoff.report.conditions import facts
from spikeoff.report.race_table import TrainState
from spikeoff.report.verdict import Verdict
from tests.report.test_comparison import RECORDS, changed

ROWS = [
    TrainState(name, name.upper(), accuracy, (0, 100), {})
    for name, accuracy in (("ann", 98.0), ("snn", 95.0), ("other", 90.0))
]


def verdict(name: str, ratio: float, break_even: float | None = 0.01) -> Verdict:
    return Verdict(name, "ann", (10, 10), ratio / 2, ratio, 0.13, break_even, 0.02, 7.0)


@pytest.mark.parametrize(
    ("ratios", "headline"),
    [
        ((2.5, 3.0), "No: spiking does not save energy here"),
        ((0.5, 0.9), "Yes: spiking saves energy here"),
        ((0.5, 1.2), "Spiking saves energy for snn, not for other"),
    ],
)
def test_the_headline_follows_the_verdicts(ratios: tuple[float, float], headline: str) -> None:
    first, second = (verdict(n, r) for n, r in zip(("snn", "other"), ratios, strict=True))
    said = answer(ROWS, [second, first])
    assert said.headline == headline
    assert [tile.name for tile in said.tiles] == ["snn", "other"]  # the cheapest first
    assert [tile.pays for tile in said.tiles] == [ratio < 1 for ratio in ratios]
    assert "ANN has the highest test accuracy: 98.00 %" in said.lead


def test_a_tile_tells_energy_accuracy_and_break_even() -> None:
    (tile,) = answer(ROWS, [verdict("snn", 2.5)]).tiles
    assert tile.ratio == "2.5"
    assert tile.accuracy == "Accuracy 95.00 %; ann 98.00 %"
    assert "Without memory access, 1.2 times" in tile.break_even
    assert (
        "13 % of the steps. Without memory access, both would be equal at 1 %." in tile.break_even
    )
    (tile,) = answer(ROWS, [verdict("snn", 2.5, None)]).tiles
    assert "Fewer spikes would not help: neuron updates alone need 7 times" in tile.break_even


def test_without_two_sides_the_best_is_named() -> None:
    said = answer(ROWS, [])
    assert said.headline == "ANN has the highest test accuracy: 98.00 %"
    assert said.tiles == []


def values(records: Any) -> dict[str, list[tuple[str, str]]]:
    return {fact.name: fact.values for fact in facts(records)}


def test_what_all_runs_share_is_said_once() -> None:
    said = values(RECORDS)
    assert said["Processor"] == [("CPU <1>", "")]
    assert said["SHA-256 of the data"] == [("f" * 64, "")]


def test_what_differs_is_said_with_its_runs() -> None:
    other = changed(RECORDS[3], "environment", cpu="another")
    said = values([*RECORDS[:3], other])
    assert said["Processor"] == [
        ("CPU <1>", "snn seed 0, snn seed 1, mlp seed 0"), ("another", "mlp seed 1"),
    ]  # fmt: skip


def test_a_changed_checkout_says_so() -> None:
    dirty = replace(RECORDS[0], summary={**RECORDS[0].summary, "git_revision": "abc+"})
    assert values([dirty])["Git revision"] == [("abc with uncommitted changes", "")]
