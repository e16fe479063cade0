"""Spiking networks at equal accuracy, from records that are made up here."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from spikeoff.experiments.campaign import show
from spikeoff.ledger.energy_models.registry import find, models
from spikeoff.ledger.operation_energy import load_table, stepped_table
from spikeoff.report.equal_accuracy import (
    Comparison,
    EqualAccuracy,
    equal_accuracy,
    how,
    rows,
    say,
    sentences,
)
from spikeoff.report.networks import network_of
from spikeoff.report.page import render
from spikeoff.run.run_record import RunRecord
from tests.report.made_operations import operations
from tests.report.test_comparison import record

TABLE = load_table()
SNN = "izhikevich-sparse"


def network(contender: str, hidden: int, wrong: int, effective: float, seed: int = 0) -> RunRecord:
    """One run: of 100 test images, ``wrong`` are answered wrongly."""
    spiking = contender == SNN
    made = record("snn" if spiking else contender, seed, wrong, 1.0)
    changes = {
        "contender": contender,
        "config": made.summary["config"] | {"hidden": [hidden]},
        "parameters": 794 * hidden,
        "stored_parameters": 794 * hidden,
        "operations": operations((784, hidden, 10), spiking=spiking, effective=effective, steps=20),
    }
    return replace(made, summary=made.summary | changes)


PERCEPTRONS = [
    network("mlp", 16, 12, 2e3),
    network("mlp", 64, 6, 1e4),
    network("mlp", 256, 3, 5e4),
    network("mlp", 300, 5, 6e4),
]
SPIKING = [network(SNN, 100, wrong, 1e5) for wrong in (2, 4, 20)]


def found(records: list[RunRecord], table: object = TABLE) -> EqualAccuracy:
    result = equal_accuracy(records, table)  # type: ignore[arg-type]
    assert result is not None
    return result


def of(wrong: int, perceptrons: list[RunRecord] = PERCEPTRONS) -> Comparison:
    (one,) = found([*perceptrons, network(SNN, 100, wrong, 1e5)]).comparisons
    return one


def test_three_sizes_make_a_front() -> None:
    assert equal_accuracy([*PERCEPTRONS[:2], *SPIKING[:1]], TABLE) is None
    assert equal_accuracy([*PERCEPTRONS[:3], *SPIKING[:1]], TABLE) is not None
    again = [PERCEPTRONS[0], replace(PERCEPTRONS[0], summary=PERCEPTRONS[0].summary | {"seed": 1})]
    assert equal_accuracy([*again, PERCEPTRONS[1], *SPIKING[:1]], TABLE) is None


def test_points_are_the_models_totals_and_the_front_leaves_one_out() -> None:
    points = {point.name: point for point in found(PERCEPTRONS).points}
    smooth = find("smooth")
    for made in PERCEPTRONS:
        point = points[f"mlp hidden={made.summary['config']['hidden'][0]}"]
        assert point.cost == pytest.approx(smooth.total(network_of(made)))
        assert point.accuracy == pytest.approx(made.summary["accuracy"]["test"])
        assert point.on_front == (point.name != "mlp hidden=300")


def test_the_order_of_records_decides_nothing() -> None:
    twice = [
        network(one.contender, one.summary["config"]["hidden"][0], wrong, effective, seed)
        for seed in (0, 1)
        for one, wrong, effective in zip([*PERCEPTRONS, SPIKING[1]], (12, 6, 3, 5, 4 + seed),
                                         (2e3, 1e4, 5e4, 6e4, 1e5), strict=True)
    ]  # fmt: skip
    assert found(twice) == found(twice[::-1])
    assert found(twice).comparisons[0].interval is not None


def test_within_the_front() -> None:
    one = of(4)
    assert one.place == "within"
    assert one.between == ("mlp hidden=64", "mlp hidden=256")
    costs = {point.name: point.cost for point in found(PERCEPTRONS).points}
    assert one.ratio is not None
    assert one.interval is not None
    assert one.point.cost / costs["mlp hidden=256"] < one.ratio
    assert one.ratio < one.point.cost / costs["mlp hidden=64"]
    assert one.interval[0] <= one.ratio <= one.interval[1]
    text = say(one)
    assert text.startswith("At 96.00 % accuracy, izhikevich-sparse needs ")
    assert "interpolated between mlp hidden=64 and mlp hidden=256" in text
    assert f"under {one.saving} of {one.decided} energy models" in text


def test_a_network_on_the_front_has_ratio_1() -> None:
    """It costs what a conventional one does: the same one, called spiking where it is compared."""
    same = network("mlp", 64, 6, 1e4)
    twin = replace(same, summary=same.summary | {"contender": SNN, "spiking": False})
    spiking = replace(twin, summary=twin.summary | {"spiking": True})
    spiking.summary["operations"] = twin.summary["operations"]
    (one,) = found([*PERCEPTRONS, spiking]).comparisons
    assert one.ratio == pytest.approx(1, rel=1e-9)
    assert one.between == ("mlp hidden=64",)
    assert "which has the same accuracy" in say(one)


def test_beyond_the_front_there_is_no_claim() -> None:
    one = of(2)
    assert (one.place, one.ratio, one.interval, one.decided) == ("beyond", None, None, 0)
    text = say(one)
    assert "no conventional network of this race reaches that accuracy" in text
    assert "mlp hidden=256 comes closest, with 97.00 %" in text
    assert "times" not in text


def test_below_the_front_the_other_network_is_more_accurate() -> None:
    one = of(20)
    assert (one.place, one.between) == ("below", ("mlp hidden=16",))
    assert "which is more accurate (88.00 %)" in say(one)
    assert one.saving == 0  # a cheaper conventional network might be as accurate


def test_models_that_decide_are_counted() -> None:
    counted = sum(model.counted and not model.one_sided for model in models())
    one = of(4)
    assert 0 < one.decided <= counted
    cheap = found([*PERCEPTRONS, network(SNN, 100, 4, 10)]).comparisons[0]
    assert cheap.saving > one.saving


@pytest.mark.slow
def test_a_model_that_does_not_price_a_network_can_still_find_a_cheaper_one() -> None:
    convolution = network("cnn", 64, 1, 1e7)
    for layer in convolution.summary["operations"]["layers"]:
        layer["convolution"] = True
    # lemaire and neuromc are not told the size of its kernels; neuromc finds a cheaper perceptron.
    for done, fewer in ((1e5, 0), (10, 1)):
        spiking = network(SNN, 100, 4, done)
        alone, beside = (
            found([*PERCEPTRONS, *others, spiking]).comparisons[0] for others in ([], [convolution])
        )
        assert beside.between == alone.between
        assert beside.decided == alone.decided - fewer
        assert beside.saving == alone.saving - fewer


def test_a_users_table_takes_the_place_of_the_model() -> None:
    assert found(PERCEPTRONS).model == "smooth"
    stepped = found([*PERCEPTRONS, *SPIKING], stepped_table())
    assert stepped.model == "your table"
    counts = find("counts")
    for point in stepped.points:
        if point.name == "mlp hidden=64":
            assert point.cost == pytest.approx(counts.total(network_of(PERCEPTRONS[1])))


def test_records_of_an_earlier_version_are_left_out() -> None:
    old = network("mlp", 32, 8, 5e3)
    del old.summary["operations"]["layers"]
    with_old = found([*PERCEPTRONS, old, *SPIKING])
    assert with_old.left_out == ("mlp hidden=32",)
    assert with_old.comparisons == found([*PERCEPTRONS, *SPIKING]).comparisons
    assert how(with_old).endswith("not known: mlp hidden=32.")


@pytest.mark.slow
def test_the_page_the_terminal_and_the_numbers_say_it(tmp_path: Path) -> None:
    spiking = [network(SNN, 50 * k, wrong, 1e5 * k) for k, wrong in enumerate((20, 4, 2), 1)]
    records = [*PERCEPTRONS, *spiking]
    every = found(records)
    assert len(rows(every)) == len(sentences(every)) == 3
    page = render(records, TABLE)
    assert 'id="front">Equal accuracy' in page
    out = io.StringIO()
    show(records, tmp_path, Console(width=500, file=out), TABLE)
    text = out.getvalue()
    content = json.loads((tmp_path / "comparison.json").read_text())["equal_accuracy"]
    for sentence, one in zip(sentences(every), content["comparisons"], strict=True):
        assert sentence in page
        assert sentence in text
        assert one["place"] in ("within", "below", "beyond")
    assert "Equal accuracy" not in render([*PERCEPTRONS[:2], *spiking], TABLE)
