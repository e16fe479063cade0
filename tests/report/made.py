"""Finished runs made up for tests of the page: folders as runs leave them, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spikeoff.contenders.base import Config, Outputs
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset
from spikeoff.ledger.raster import Raster, Shown, first_of_each_class, save_raster
from spikeoff.run.folder import RunFolder
from spikeoff.run.json_files import plain
from spikeoff.run.run_record import RunRecord, read_run
from tests.report.made_operations import operations

CONTENDERS: dict[str, tuple[int, dict[str, Any]]] = {
    "cnn": (100, {}),
    "mlp": (300, {}),
    "izhikevich-gradient": (350, {"hidden": (40,)}),
    "izhikevich-stdp": (500, {"n_hidden": 128}),
    "diehl-cook": (1200, {}),
}
"""Wrong answers of each, and settings."""

STEPS = {"izhikevich-gradient": 50, "izhikevich-stdp": 20, "diehl-cook": 700}
HIDDEN = {"cnn": 512, "mlp": 128, "izhikevich-gradient": 40, "izhikevich-stdp": 128,
          "diehl-cook": 100}  # fmt: skip
"""So mlp is the twin of izhikevich-stdp, and the other two have none."""

NEURONS = {"izhikevich-gradient": 40, "izhikevich-stdp": 128, "diehl-cook": 100}
OUTPUTS = Outputs("metrics.csv", "confusion.png", "analysis.png", "log.txt")


def race(folder: Path, dataset: Dataset, seeds: tuple[int, ...] = (0, 1)) -> list[RunRecord]:
    """Five contenders and their seeds."""
    return [run(folder, dataset, name, seed) for name in CONTENDERS for seed in seeds]


def run(folder: Path, dataset: Dataset, name: str, seed: int, **changes: Any) -> RunRecord:
    """One run's folder, read back."""
    wrong, settings = CONTENDERS[name]
    kind = find(name)
    config = kind.config_type(seed=seed, epochs=2, n_train=3000, **settings, **changes)
    rng = np.random.default_rng([seed, wrong])
    path = RunFolder(folder / name / f"seed-{seed}")
    path.write_config(name, config)
    rows: Any = [
        {"epoch": float(epoch), "validation_accuracy": 0.8 + 0.05 * epoch, "seconds": 2.0}
        for epoch in (1, 2)
    ]
    path.write_metrics(OUTPUTS.metrics, rows)
    test = dataset.test
    answers = test.labels.copy()
    chosen = np.minimum(rng.exponential(len(test) / 6, wrong), len(test) - 1).astype(int)
    answers[chosen] = (answers[chosen] + rng.integers(1, 10, len(chosen))) % 10
    scores = np.zeros((len(test), 10), np.float32)
    scores[np.arange(len(test)), answers] = 1
    path.write_predictions(test.ids, test.labels, scores)
    if kind.spiking:
        save_raster(spikes(name, dataset, answers, rng), path.path)
    if name == "diehl-cook":
        path.write_weights({"weights_0": rng.random((100, 784)).astype(np.float32),
                            "means": rng.random((10, 100))})  # fmt: skip
    if name == "izhikevich-stdp":
        path.write_weights({"hidden": rng.random((784, 128)).astype(np.float32)})
    accuracy = float((answers == test.labels).mean())
    path.write_summary(plain(summary(name, config, dataset, accuracy)))
    return read_run(path.path)


def spikes(name: str, dataset: Dataset, answers: Any, rng: np.random.Generator) -> Raster:
    """A few random spikes."""
    images = dataset.test.take(first_of_each_class(dataset.test.labels))
    steps, n = STEPS[name], NEURONS[name]
    fired = np.where(name == "diehl-cook", 0.001, 0.05)
    shown = [
        Shown(
            (rng.random((steps, 784)) < fired * (pixels > 0)).astype(np.uint8),
            (rng.random((steps, n)) < fired).astype(np.uint8),
            rng.integers(0, 2, (steps, 10)).cumsum(axis=0).astype(np.float32),
        )
        for pixels in images.flat
    ]
    given = answers[images.ids - len(dataset.train)]
    return Raster(images, given, shown, rng.integers(0, 10, n).astype(np.int8), 0.5, "votes")


def summary(name: str, config: Config, dataset: Dataset, accuracy: float) -> dict[str, Any]:
    """The record of such a run."""
    kind = find(name)
    spiking = kind.spiking
    return {
        "contender": name, "title": kind.title, "spiking": spiking,
        "neuron": kind.neuron or ("izhikevich" if spiking else None),
        "engine": "native", "seed": config.seed, "version": "0.1.0",
        "git_revision": "0123456789abcdef0123456789abcdef01234567", "parameters": 407_040,
        "started": "2026-11-24T10:00:00+00:00", "finished": "2026-11-24T10:01:00+00:00",
        "config": config,
        "data": {"name": dataset.name, "sha256": dataset.sha256(), "n_train": 3000,
                 "n_validation": 5000, "n_test": len(dataset.test)},
        "epochs": {"trained": 2, "chosen": 2},
        "accuracy": {"train": 0.95, "validation": 0.9, "test": accuracy},
        "time": {"train_s": 10.0, "test_s": 1.0, "train_ms_per_example": 1.0,
                 "test_ms_per_example": 0.1},
        "spikes": {"kind": "spikes", "per_example_hidden": 700.0, "hidden_rate": 0.1,
                   "input_per_example": 1000.0},
        "operations": operations(
            (784, HIDDEN[name], 10), spiking=spiking, effective=1e6 if spiking else 1e5,
            steps=STEPS.get(name, 1),
        ),
        "memory": {"parameters_bytes": 10, "peak_rss_bytes": 2**20, "peak_device_bytes": None},
        "energy": [{"quantity": "training", "value": 1600.0, "unit": "J",
                    "provenance": "estimated", "method": "TDP x time", "scope": "s"}],
        "environment": {"cpu": "CPU", "cores": 2, "gpu": None, "device": "cpu", "os": "Linux",
                        "python": "3.11", "libraries": {"numpy": "2"}, "threads": 2},
        "files": OUTPUTS,
    }  # fmt: skip
