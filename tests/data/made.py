"""Tiny data sets, for tests of formats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spikeoff.data import Dataset, load_dataset
from spikeoff.data.images import make_dataset
from spikeoff.data.pixels import Bytes


def tiny(n: int = 20, n_test: int = 10, shape: tuple[int, ...] = (6, 6), seed: int = 0) -> Dataset:
    """Random images of three classes; a corner is never lit, as in MNIST."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (n + n_test, *shape), np.uint8)
    pixels[:, 0, 0] = 0
    pixels[:, -1, -1] = 0
    labels = (np.arange(n + n_test) % 3).astype(np.uint8)
    return make_dataset("tiny", (pixels[:n], labels[:n]), (pixels[n:], labels[n:]))


def content(dataset: Dataset) -> set[tuple[str, bytes, str]]:
    """Part, pixels and class of every image, without their order."""
    return {
        (name, pixels.tobytes(), dataset.spec.classes[label])
        for name, part in (("train", dataset.train), ("test", dataset.test))
        for pixels, label in zip(part.pixels, part.labels, strict=True)
    }


def read(path: Path) -> Dataset:
    return load_dataset(str(path))


def whole(dataset: Dataset) -> tuple[Bytes, Bytes]:
    """All images and labels, whatever their part."""
    pixels, labels = (
        np.concatenate([getattr(part, key) for part in (dataset.train, dataset.test)])
        for key in ("pixels", "labels")
    )
    return pixels, labels


def in_one(found: Dataset, made: Dataset, names: Sequence[str] = ("0", "1", "2")) -> bool:
    """Whether ``found`` has the images of ``made``, however they are divided."""
    pixels, labels = whole(made)
    wanted = {(one.tobytes(), names[label]) for one, label in zip(pixels, labels, strict=True)}
    return {(raw, name) for _, raw, name in content(found)} == wanted
