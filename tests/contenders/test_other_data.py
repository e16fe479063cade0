"""Every contender trains on images of any shape, with any number of classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.contenders.registry import find
from spikeoff.data import Dataset, load_dataset
from spikeoff.data.images import make_dataset
from spikeoff.run.session import run

SMALL: dict[str, dict[str, Any]] = {
    "diehl-cook": {"n_e": 64, "epochs": 2},
    "izhikevich-stdp": {"n_hidden": 128, "hebbian_lr": 0.05, "epochs": 3},
    "izhikevich-gradient": {"hidden": (48,), "n_steps": 20, "epochs": 6, "output_scale": 2.0},
    "izhikevich-sparse": {"hidden": (48,), "epochs": 6},
    "mlp": {"hidden": (48, 32), "epochs": 4},
    "cnn": {"n_hidden": 32, "epochs": 3},
}


def digits() -> Dataset:
    """The 8 x 8 digits of scikit-learn."""
    from sklearn.datasets import load_digits

    held = load_digits()
    pixels = (held.images * 255 / 16).astype(np.uint8)
    return make_dataset("digits", (pixels[:1400], held.target[:1400]),
                        (pixels[1400:], held.target[1400:]))  # fmt: skip


def blobs(shape: tuple[int, ...], n_classes: int) -> Dataset:
    """A bright square for each class at a place of its own, on a dim background of noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(max(600, 16 * n_classes)) % n_classes
    pixels = rng.integers(0, 60, (len(labels), *shape)) * rng.integers(0, 2, (len(labels), *shape))
    across = int(np.ceil(np.sqrt(n_classes)))
    for image, label in zip(pixels, labels, strict=True):
        y, x = (place * size // across for place, size in
                zip(divmod(int(label), across), shape[:2], strict=True))  # fmt: skip
        image[y : y + shape[0] // across, x : x + shape[1] // across] = 230
    half = len(labels) // 2
    return make_dataset("blobs", (pixels[:half], labels[:half]), (pixels[half:], labels[half:]))


DATA: dict[str, Callable[[], Dataset]] = {
    "8 x 8 digits": digits,
    "47 classes": lambda: blobs((28, 28), 47),
    "2 classes, not square": lambda: blobs((12, 20), 2),
    "colour": lambda: blobs((32, 32, 3), 4),
}


@pytest.mark.slow
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", SMALL)
def test_it_learns_and_leaves_a_whole_record(name: str, data: str, tmp_path: Path) -> None:
    dataset: Dataset = DATA[data]()
    np.savez(
        tmp_path / "data.npz",
        x_train=dataset.train.pixels, y_train=dataset.train.labels,
        x_test=dataset.test.pixels, y_test=dataset.test.labels,
    )  # fmt: skip
    spec = load_dataset(str(tmp_path / "data.npz")).spec
    assert spec == dataset.spec
    kind = find(name)
    fields = {"epochs": 1, **SMALL[name]}
    config = kind.config_type(
        mnist_path=str(tmp_path / "data.npz"), n_validation=0, timing_seconds=0.0,
        energy_seconds=0.0, save_path=tmp_path / "run", **fields,
    )  # fmt: skip
    record = run(name, config)
    assert record.spec == spec
    assert record.confusion().shape == (spec.n_classes, spec.n_classes)
    assert record.summary["accuracy"]["test"] > 2 / spec.n_classes or spec.n_classes == 2
    assert record.summary["accuracy"]["test"] > 0.6 or spec.n_classes != 2
