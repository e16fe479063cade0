"""Data sets by name, with OpenML's server replaced by a table of the form that it sends."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import sklearn.datasets

from spikeoff.data import Dataset, load_dataset, openml
from spikeoff.errors import UserError


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openml, "cache_folder", lambda: tmp_path)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit_learn_data"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mnist_784", "Fashion-MNIST", "kuzushiji-mnist"])
def test_fetched_once_then_kept(mnist: Dataset, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asked = []

    def fetch(*, name: str, **_: Any) -> SimpleNamespace:
        asked.append(name)
        pixels = np.concatenate([mnist.train.pixels, mnist.test.pixels]).astype(np.int64)
        labels = np.concatenate([mnist.train.labels, mnist.test.labels])
        return SimpleNamespace(data=pixels, target=labels.astype(str).astype(object))

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    first, second = load_dataset(name), load_dataset(name)
    assert first.sha256() == second.sha256() == mnist.sha256()
    assert asked == [openml.OPENML_NAMES[name.lower()]]


def test_without_a_connection_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: Any, **__: Any) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    with pytest.raises(UserError, match=r"no route to host.*--mnist_path"):
        load_dataset("mnist_784")


def test_a_table_too_short_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    table = SimpleNamespace(data=np.zeros((10, 784)), target=np.zeros(10).astype(str))
    table.target = np.array(["0"] * 10)
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda *_, **__: table)
    with pytest.raises(UserError, match="sent 10 images"):
        load_dataset("mnist_784")
