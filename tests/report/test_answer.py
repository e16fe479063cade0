"""What the page opens with, and the conditions that it ends with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from spikeoff.report.answer import answer
from spikeoff.report.conditions import facts
from spikeoff.report.equal_accuracy import Comparison, EqualAccuracy, Point
from spikeoff.report.front import Place
from spikeoff.report.model_ratios import PairRatios, Ratio
from spikeoff.report.pairing import Pairing
from spikeoff.report.race_table import TrainState
from spikeoff.report.verdict import Verdict
from tests.report.test_comparison import RECORDS, changed

ROWS = [
    TrainState(name, name.upper(), accuracy, (0, 100), {})
    for name, accuracy in (("ann", 98.0), ("snn", 95.0), ("other", 90.0))
]
OTHERS = [replace(one, summary={**one.summary, "contender": "other"}) for one in RECORDS[:2]]
GROUPS = {"ann": RECORDS[2:], "snn": RECORDS[:2], "other": OTHERS}
NAMES = ("first", "second", "third", "fourth")


def pair(
    name: str, skipping: tuple[float, ...], *, synapses: tuple[int, int] = (80, 80)
) -> PairRatios:
    """Under four models that each assume something, a dense twin costing five times as much."""
    ratios = [
        Ratio(model, f"the {model} holds", True, "pJ", ratio / 5, ratio, (ratio, 5.0, 1.0))
        for model, ratio in zip(NAMES, skipping, strict=True)
    ]
    variant = Ratio("variant", "it varies", False, "pJ", 0.1, 0.1, (0.1, 1.0, 1.0))
    missing = Ratio("missing", "it is there", True, "pJ", None, None, None, "not for this")
    pairing = Pairing(name, "ann", (784, 100, 10), synapses)
    return PairRatios(pairing, "stored", 5, (*ratios, variant, missing))


def verdict(name: str, break_even: float | None = 0.01) -> Verdict:
    return Verdict(name, "ann", (10, 10), True, 0.5, 1, 0.13, break_even, 0.02, 7.0)


@pytest.mark.parametrize(
    ("ratios", "claim", "expected"),
    [
        ((2, 2, 3, 9), "no", "No under all 4 energy models: spiking does not save energy here"),
        ((0.2, 0.9, 0.1, 0.3), "yes", "Yes under all 4 energy models: snn saves energy"),
        (
            (0.5, 0.6, 0.7, 2),
            "yes",
            "Yes under 3 of 4 energy models for snn; no where the fourth holds",
        ),
        (
            (0.5, 2, 2, 2),
            "no",
            "No under 3 of 4 energy models; yes for snn where the first holds",
        ),
        (
            (0.5, 2, 2, 0.5),
            "no",
            "No under 2 of 4 energy models; yes for snn where the first holds or the fourth holds",
        ),
    ],
)
def test_the_headline_counts_models_and_names_where_they_part(
    ratios: tuple[float, ...], claim: str, expected: str
) -> None:
    said = answer(ROWS, [pair("snn", ratios)], [verdict("snn")], GROUPS, None)
    assert said.headline == expected
    assert said.claim == said.tiles[0].claim == claim
    assert "ANN has the highest test accuracy: 98.00 %" in said.lead
    assert f"{sum(ratio < 1 for ratio in ratios)} of 4 models" in said.lead


def test_the_best_for_spiking_comes_first_and_decides() -> None:
    pairs = [pair("other", (2, 2, 2, 2)), pair("snn", (0.5, 0.5, 0.5, 0.5))]
    said = answer(ROWS, pairs, [], GROUPS, None)
    assert [tile.name for tile in said.tiles] == ["snn", "other"]
    assert [tile.count for tile in said.tiles] == ["4 of 4", "0 of 4"]
    assert said.headline.startswith("Yes under all 4 energy models: snn")


def test_without_the_same_synapses_there_is_no_claim() -> None:
    unlike = pair("snn", (0.1, 0.1, 0.1, 0.1), synapses=(10, 80))
    said = answer(ROWS, [unlike, pair("other", (2, 2, 2, 2))], [], GROUPS, None)
    assert said.headline == "No under all 4 energy models: spiking does not save energy here"
    other, snn = said.tiles
    assert (other.name, snn.name, snn.claim) == ("other", "snn", "none")
    assert "ann has the same neurons, but 80 input synapses, not 10" in snn.range
    alone = answer(ROWS, [unlike], [], {"snn": GROUPS["snn"], "ann": GROUPS["ann"]}, None)
    assert (alone.headline, alone.claim) == ("No claim: no conventional twin ran", "none")


def test_without_a_twin_the_tile_says_so() -> None:
    said = answer(ROWS, [pair("snn", (2, 2, 2, 2))], [], GROUPS, None)
    assert said.tiles[1].name == "other"
    assert said.tiles[1].count == "No claim"
    assert "with the layers of other (784-1554-10) ran: no claim" in said.tiles[1].range


def test_a_tile_tells_ratios_accuracy_and_break_even() -> None:
    (tile,) = answer(ROWS, [pair("snn", (2.5, 5, 12, 20))], [verdict("snn")],
                     {"snn": GROUPS["snn"], "ann": GROUPS["ann"]}, None).tiles  # fmt: skip
    assert tile.range == (
        "2.5 to 20 times the energy of its twin; 0.5 to 4 times if the twin computes its zeros too."
    )
    assert tile.accuracy == "Accuracy 95.00 %; ann 98.00 %"
    assert "13 % of the steps" in tile.break_even
    assert "both would be equal at 1 %." in tile.break_even
    hopeless = [verdict("snn", None)]
    (tile, _) = answer(ROWS, [pair("snn", (2, 2, 2, 2))], hopeless, GROUPS, None).tiles
    assert "Fewer spikes would not help: neuron updates alone need 7 times" in tile.break_even


def compared(
    place: Place = "within", ratio: float | None = 12.0, saving: int = 0, decided: int = 4,
    name: str = "snn",
) -> EqualAccuracy:  # fmt: skip
    point = Point(name, name, True, 0.95, (0.94, 0.96), 1.0, True)
    interval = None if ratio is None else (ratio, ratio)
    one = Comparison(point, place, ratio, interval, ("ann",), (0.98,), saving, decided)
    return EqualAccuracy("smooth", "pJ", 1, (point,), (one,), ())


@pytest.mark.parametrize(
    ("ratios", "equal", "claim", "expected"),
    [
        ((0.5, 0.6, 0.7, 2), compared(), "mixed",
         "With the same layers, yes under 3 of 4 energy models for snn; no where the fourth holds. "
         "At equal accuracy, no under all 4 models that decide"),
        ((0.5, 0.6, 0.7, 0.8), compared(saving=3, ratio=0.5), "yes",
         "With the same layers, yes under all 4 energy models for snn. "
         "At equal accuracy, yes under 3 of 4 for snn"),
        ((2, 2, 2, 2), compared(saving=4, ratio=0.5), "mixed",
         "With the same layers, no under all 4 energy models. "
         "At equal accuracy, yes under all 4 models that decide for snn"),
        ((2, 2, 2, 2), compared("below", saving=1), "no",
         "With the same layers, no under all 4 energy models. "
         "At equal accuracy, no under 3 of 4"),
        ((2, 2, 2, 2), compared("beyond", None, decided=0), "no",
         "No under all 4 energy models: spiking does not save energy here"),
    ],
)  # fmt: skip
def test_the_headline_has_both_answers_where_there_are_two(
    ratios: tuple[float, ...], equal: EqualAccuracy, claim: str, expected: str
) -> None:
    said = answer(ROWS, [pair("snn", ratios)], [verdict("snn")], GROUPS, equal)
    assert (said.headline, said.claim) == (expected, claim)


@pytest.mark.parametrize(
    ("equal", "expected"),
    [
        (compared(saving=1), "12 times the energy of the cheapest conventional network of the same "
                             "accuracy; 1 of 4 models say that it saves energy."),
        (compared("below"), "12 times the energy of ann, the cheapest one, which is more accurate; "
                            "0 of 4 models say that it saves energy."),
        (compared("within", decided=0), "12 times the energy of the cheapest conventional network "
                                        "of the same accuracy."),
        (compared("beyond", None), "no claim, since no conventional network here is as accurate."),
    ],
)  # fmt: skip
def test_a_tile_tells_of_equal_accuracy(equal: EqualAccuracy, expected: str) -> None:
    pairs = [pair("snn", (2, 2, 2, 2)), pair("other", (3, 3, 3, 3))]
    snn, other = answer(ROWS, pairs, [], GROUPS, equal).tiles
    assert snn.equal == f"At equal accuracy: {expected}"
    assert other.equal == ""


def test_a_contender_of_several_sizes_has_one_tile() -> None:
    rows = [*ROWS, replace(ROWS[1], name="snn hidden=8")]
    groups = {**GROUPS, "snn hidden=8": RECORDS[:2]}
    pairs = [pair("snn", (2, 2, 2, 2)), pair("snn hidden=8", (0.5, 2, 2, 2))]
    first, other = answer(rows, pairs, [], groups, None).tiles
    assert (first.name, first.count) == ("snn hidden=8", "1 of 4")
    assert first.others.startswith("The best of 2 networks of this kind")
    assert (other.name, other.others) == ("other", "")


def test_without_two_sides_the_best_is_named() -> None:
    said = answer(ROWS, [], [], {"ann": RECORDS[2:]}, None)
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


def test_what_reading_the_data_decided_is_said() -> None:
    assert values(RECORDS)["Data"] == [(RECORDS[0].summary["data"]["name"], "")]
    other = changed(RECORDS[0], "data", name="mine", notes=["a table of text", "no test part"])
    assert values([other])["Data"] == [("mine; a table of text; no test part", "")]


def test_a_changed_checkout_says_so() -> None:
    dirty = replace(RECORDS[0], summary={**RECORDS[0].summary, "git_revision": "abc+"})
    assert values([dirty])["Git revision"] == [("abc with uncommitted changes", "")]
