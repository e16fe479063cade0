"""Which errors are shown, by hand and by law."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, PackageLoader
from PIL import Image

from spikeoff.data import Dataset
from spikeoff.report.gallery import KINDS, PER_KIND, Card, Gallery, find_dataset, gallery, right_by
from spikeoff.run.run_record import RunRecord
from tests.report import made


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory, mnist: Dataset) -> dict[str, list[RunRecord]]:
    folder = tmp_path_factory.mktemp("runs")
    return {
        name: [made.run(folder, mnist, name, seed) for seed in (0, 1, 2)]
        for name in ("mlp", "cnn", "izhikevich-stdp")
    }


def record(labels: list[int], answers: list[int], seed: int = 0) -> RunRecord:
    return RunRecord(
        Path("x"),
        {"seed": seed, "data": {}},
        [],
        np.array(labels, np.uint8),
        np.array(answers, np.uint8),
    )


def test_images_are_sorted_by_who_is_right() -> None:
    labels = [0, 0, 0, 0, 0]
    answers = {
        "a": [1, 1, 1, 1, 0],
        "b": [2, 0, 1, 0, 0],
        "c": [3, 2, 0, 0, 0],
        "d": [1, 2, 0, 0, 0],
    }
    groups = {name: [record(labels, given)] for name, given in answers.items()}
    assert right_by(groups) == {"nobody": 1, "one": 1, "some": 1, "all but one": 1, "all": 1}


def test_most_seeds_speak_for_a_contender() -> None:
    seeds = [record([4], [answer], seed) for seed, answer in enumerate([9, 4, 4])]
    assert right_by({"a": seeds}) == {"all": 1}
    assert right_by({"a": seeds[:2]}) == {"all": 1}  # a tie: the lowest of 4 and 9


@given(st.lists(st.lists(st.integers(0, 9), min_size=6, max_size=6), min_size=1, max_size=4))
def test_every_image_is_counted_once(answers: list[list[int]]) -> None:
    groups = {str(k): [record([0, 1, 2, 3, 4, 5], given)] for k, given in enumerate(answers)}
    assert sum(right_by(groups).values()) == 6


def test_cards_tell_what_the_runs_answered(
    groups: dict[str, list[RunRecord]], mnist: Dataset
) -> None:
    shown = gallery(groups)
    assert shown.missing == ""
    assert len(shown.cards) > PER_KIND
    for card in shown.cards:
        row = card.number
        assert int(card.label) == mnist.test.labels[row]
        picture = Image.open(io.BytesIO(base64.b64decode(card.picture.partition(",")[2])))
        np.testing.assert_array_equal(np.asarray(picture).ravel(), 255 - mnist.test.flat[row])
        for one in card.given:
            answers = [int(run.answers[row]) for run in groups[one.name]]
            assert one.seeds == answers.count(int(one.label)) == max(map(answers.count, answers))
            assert one.of == 3
            assert one.right == (one.label == card.label)
        wrong = sum(not one.right for one in card.given)
        assert card.kind == {3: "none", 2: "one", 1: "lone"}[wrong]


def test_each_kind_is_spread_over_the_digits(groups: dict[str, list[RunRecord]]) -> None:
    cards = gallery(groups).cards
    for kind in KINDS:
        digits = [card.label for card in cards if card.kind == kind]
        assert len(digits) <= PER_KIND
        if len(digits) == PER_KIND:
            assert len(set(digits)) >= 8
    assert len({card.number for card in cards}) == len(cards)


def test_images_of_another_data_set_are_not_shown(groups: dict[str, list[RunRecord]]) -> None:
    name, records = next(iter(groups.items()))
    data = {**records[0].summary["data"], "sha256": "0" * 64}
    foreign = [replace(one, summary={**one.summary, "data": data}) for one in records]
    shown = gallery({name: foreign})
    assert shown.cards == []
    assert "no data set with the SHA-256 " + "0" * 64 in shown.missing
    assert shown.told.startswith("Of 10,000 test images, ")


def test_a_data_set_is_never_fetched(
    groups: dict[str, list[RunRecord]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> Dataset:
        raise AssertionError(name)

    monkeypatch.setattr("spikeoff.data.openml._fetch", refuse)
    monkeypatch.setattr("spikeoff.data.openml.cache_folder", lambda: Path("nowhere"))
    first = groups["mlp"][0]
    for source in ("fashion-mnist", "no/such/file.npz"):
        config = {**first.summary["config"], "mnist_path": source}
        found = find_dataset(replace(first, summary={**first.summary, "config": config}))
        assert found is not None  # its bits are those of the embedded one
        assert found.name == "mnist"


def test_only_images_of_the_live_page_are_linked() -> None:
    cards = [Card(number, "4", "none", "data:,", []) for number in (7, 1234)]
    template = Environment(loader=PackageLoader("spikeoff.report")).get_template("gallery.html.j2")
    html = template.render(
        gallery=Gallery(cards, "", ""), links={1234: "lab.html#test=1234"}, kinds={}, classes=[]
    )
    assert re.findall(r'href="([^"]*)"', html) == ["lab.html#test=1234"]
