"""The test digits that the page offers: some of every class, and those that networks get wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikeoff.data import Dataset
from spikeoff.report.lab.packing import pack
from spikeoff.run.run_record import RunRecord

PER_CLASS = 6
HARD = 40


def offered(records: Sequence[RunRecord], dataset: Dataset) -> dict[str, Any]:
    """Pixels, labels and numbers of test images, the hardest last.

    The first of each class that every network classified correctly in its run, then those that most
    networks misclassified, in the order of the test set among equals.
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
    hard = np.argsort(-wrong, kind="stable")[: min(HARD, int((wrong > 0).sum()))]
    rows = np.concatenate([easy, hard])
    chosen = test.take(rows)
    return {
        "pixels": pack(chosen.flat),
        "labels": chosen.labels.tolist(),
        "ids": chosen.ids.tolist(),
        "rows": rows.tolist(),
        "wrong": wrong[rows].tolist(),
    }
