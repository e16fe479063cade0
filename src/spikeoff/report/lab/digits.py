"""The test digits that the page offers: some of every class, and those that networks get wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikeoff.data import Dataset
from spikeoff.report.lab.packing import pack
from spikeoff.run.run_record import RunRecord

PER_CLASS = 6
HARD = 30
NOBODY = 30


def offered(
    records: Sequence[RunRecord], dataset: Dataset, also: Sequence[int] = ()
) -> dict[str, Any]:
    """Pixels, labels, numbers and groups of test images.

    easy: the first of each class that every network classified correctly in its run. nobody: the
    first that all misclassified. hard: those that most of the networks misclassified, in the order
    of the test set among equals.

    Args:
        records: runs of the networks.
        dataset: theirs.
        also: numbers of test images that are offered too; they count as hard if networks get them
            right, because other runs did not.
    """
    test, wrong = dataset.test, np.zeros(len(dataset.test), np.int64)
    for record in records:
        rows = record.ids - len(dataset.train)
        if len(rows) == len(record.answers) and (rows >= 0).all() and (rows < len(wrong)).all():
            wrong[rows] += record.answers != record.labels
    easy = np.concatenate([
        np.flatnonzero((test.labels == label) & (wrong == 0))[:PER_CLASS]
        for label in range(dataset.spec.n_classes)
    ])  # fmt: skip
    easy = easy[~np.isin(easy, also)]
    missed = wrong == max(1, len(records))
    some = np.flatnonzero((wrong > 0) & ~missed)
    hard = some[np.argsort(-wrong[some], kind="stable")][:HARD]
    rows = np.array(
        list(dict.fromkeys([*easy, *np.flatnonzero(missed)[:NOBODY], *hard, *also])), np.int64
    )
    groups = np.select([missed[rows], np.isin(rows, easy)], ["nobody", "easy"], "hard")
    chosen = test.take(rows)
    return {
        "pixels": pack(chosen.flat),
        "labels": chosen.labels.tolist(),
        "ids": chosen.ids.tolist(),
        "rows": rows.tolist(),
        "wrong": wrong[rows].tolist(),
        "groups": groups.tolist(),
    }
