"""The embedded data set is the published one, to the byte."""

from __future__ import annotations

import hashlib
import re

import numpy as np

from spikeoff.data import Dataset
from spikeoff.data.source import EMBEDDED_FOLDER
from spikeoff.files import read_bytes


def test_files_have_the_published_fingerprints() -> None:
    table = (EMBEDDED_FOLDER / "ATTRIBUTION.md").read_text()
    published = dict(re.findall(r"\| ([\w-]+) \| ([0-9a-f]{32}) \|", table))
    assert len(published) == 4
    for stem, md5 in published.items():
        assert hashlib.md5(read_bytes(EMBEDDED_FOLDER / f"{stem}.gz")).hexdigest() == md5


def test_sizes_labels_and_ids(mnist: Dataset) -> None:
    assert mnist.train.pixels.shape == (60_000, 28, 28)
    assert mnist.test.pixels.shape == (10_000, 28, 28)
    # Class counts as on the publisher's page.
    assert np.bincount(mnist.test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert mnist.test.ids[0] == 60_000
    assert len(set(mnist.train.ids) & set(mnist.test.ids)) == 0
