"""Test images that were answered wrongly, chosen so that they tell the contenders apart.

What counts for a contender is what most of its seeds answered; the first class among equals. Images
are taken, kind by kind, from each class in turn (and from each contender, where one stands alone),
those first on which answers differ most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.data import EMBEDDED, Dataset, load_dataset
from spikeoff.data.openml import OPENML_NAMES, is_cached
from spikeoff.errors import UserError
from spikeoff.report.data_uris import image_uri
from spikeoff.run.run_record import RunRecord

PER_KIND = 24

KINDS = {
    "none": "none correct",
    "one": "only one correct",
    "some": "some correct",
    "lone": "only one wrong",
}
RIGHT_BY = {"none": "nobody", "one": "one", "some": "some", "lone": "all but one", "": "all"}
"""How many contenders classify an image of each kind correctly."""

Answers = NDArray[np.int64]


@dataclass(frozen=True)
class Given:
    """A contender's answer; in how many of its seeds it gave it.

    place: of the contender in the standings.
    """

    name: str
    place: int
    label: str
    right: bool
    seeds: int
    of: int


@dataclass(frozen=True)
class Card:
    """One test image; ``number`` counts from 0, as the data set has it."""

    number: int
    label: str
    kind: str
    picture: str
    given: list[Given]


@dataclass(frozen=True)
class Gallery:
    """The cards, or why there are none.

    told: how many images were answered rightly by how many.
    missing: why no image is shown; empty where they are.
    """

    cards: list[Card]
    told: str
    missing: str


def gallery(groups: Mapping[str, Sequence[RunRecord]]) -> Gallery:
    """The errors of all contenders, with pictures where the data set is at hand."""
    counted = {name: _votes(records) for name, records in groups.items()}
    answers = np.array([votes.argmax(axis=0) for votes in counted.values()])
    first = next(iter(groups.values()))[0]
    kinds, classes = _kinds(answers, first.labels), first.spec.classes
    told = _tell(kinds)
    dataset = find_dataset(first)
    if dataset is None:
        data = first.summary["data"]
        return Gallery([], told, (
            f"The images cannot be shown: the machine that wrote this page has no data set with "
            f"the SHA-256 {data['sha256']} ({data['name']})."
        ))  # fmt: skip
    rows = first.ids - len(dataset.train)
    known = len(rows) == len(first.labels) and ((rows >= 0) & (rows < len(dataset.test))).all()
    if not known or not np.array_equal(dataset.test.labels[rows], first.labels):
        return Gallery([], told, "The images cannot be shown: the runs do not identify them.")
    cards = [
        Card(
            int(rows[place]), classes[first.labels[place]], kind,
            image_uri(dataset.test.pixels[rows[place]]),
            [
                Given(name, number, classes[answer := votes[:, place].argmax()],
                      bool(answer == first.labels[place]),
                      int(votes[answer, place]), len(groups[name]))
                for number, (name, votes) in enumerate(counted.items())
            ],
        )
        for kind in KINDS
        for place in _chosen(kinds == kind, answers, first.labels, alone=kind in ("one", "lone"))
    ]  # fmt: skip
    return Gallery(cards, told, "")


def find_dataset(record: RunRecord) -> Dataset | None:
    """The data set of a run, if its bits are at hand without the network; else None."""
    source = str(record.summary["config"].get("mnist_path", EMBEDDED))
    near = source == EMBEDDED or (
        is_cached(source.lower()) if source.lower() in OPENML_NAMES else Path(source).exists()
    )
    for name in dict.fromkeys([source, EMBEDDED] if near else [EMBEDDED]):
        try:
            dataset = load_dataset(name)
        except UserError:  # moved, or another file by now: then it is not at hand
            continue
        if dataset.sha256() == record.summary["data"]["sha256"]:
            return dataset
    return None


def right_by(groups: Mapping[str, Sequence[RunRecord]]) -> dict[str, int]:
    """Test images by how many of the contenders answer them rightly."""
    answers = np.array([_votes(records).argmax(axis=0) for records in groups.values()])
    kinds = _kinds(answers, next(iter(groups.values()))[0].labels)
    counted = {name: int((kinds == kind).sum()) for kind, name in RIGHT_BY.items()}
    return {name: count for name, count in counted.items() if count}


def _tell(kinds: NDArray[np.str_]) -> str:
    """The counts in a sentence."""
    counted = {name: int((kinds == kind).sum()) for kind, name in RIGHT_BY.items()}
    names = {"nobody": "no contender", "one": "exactly one", "all": "all contenders"}
    parts = [f"{count:,} by {names.get(name, name)}" for name, count in counted.items() if count]
    whole = f"{', '.join(parts[:-1])} and {parts[-1]}" if parts[1:] else parts[0]
    return f"Of {len(kinds):,} test images, {whole} were classified correctly."


def _votes(records: Sequence[RunRecord]) -> Answers:
    """[classes, n] in how many seeds each class was the answer."""
    classes = np.arange(records[0].spec.n_classes)[:, None]
    votes: Answers = np.sum([record.answers == classes for record in records], axis=0)
    return votes


def _kinds(answers: Answers, labels: NDArray[np.uint8]) -> NDArray[np.str_]:
    """[n] the kind of each image; "" where all are right."""
    wrong, of = (answers != labels).sum(axis=0), len(answers)
    rules = [wrong == 0, wrong == of, wrong == of - 1, wrong == 1]
    return np.select(rules, ["", "none", "one", "lone"], "some")


def _chosen(
    among: NDArray[np.bool_], answers: Answers, labels: NDArray[np.uint8], *, alone: bool
) -> NDArray[np.int64]:
    """Up to ``PER_KIND`` places, the digits (and who stands alone) in turn."""
    places = np.flatnonzero(among)
    right = answers[:, places] == labels[places]
    minority = right if right.sum() * 2 < right.size else ~right
    who = minority.argmax(axis=0) if alone else np.zeros(len(places), np.int64)
    differing = np.array([len(set(column)) for column in answers[:, places].T], np.int64)
    order = np.lexsort((places, -differing))
    seen: dict[tuple[int, int], int] = {}
    turns = np.zeros(len(places), np.int64)
    for rank in order:
        key = int(who[rank]), int(labels[places[rank]])
        turns[rank] = seen[key] = seen.get(key, -1) + 1
    taken = np.lexsort((places, -differing, turns))[:PER_KIND]
    chosen: NDArray[np.int64] = places[np.sort(taken)]
    return chosen
