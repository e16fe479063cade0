"""Metrics for TensorBoard, read by its own reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spikeoff.contenders.registry import find
from spikeoff.run.metrics_file import read_metrics
from spikeoff.run.session import run
from tests import small_data

pytestmark = [pytest.mark.slow, pytest.mark.reference]


def test_event_files_hold_the_metrics_of_the_csv(tmp_path: Path) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    kind: Any = find("mlp")
    config = kind.config_type(
        save_path=tmp_path / "run", mnist_path=small_data.path(), epochs=2, hidden=(8,),
        n_train=200, n_validation=50, num_threads=1, timing_seconds=0.0, energy_seconds=0.0,
        tracker="tensorboard",
    )  # fmt: skip
    record = run("mlp", config)
    events = reader.EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    rows = read_metrics(record.folder / "honest_cnn_metrics.csv")
    for name in ("validation_accuracy", "train_loss"):
        scalars = events.Scalars(name)
        assert [one.step for one in scalars] == [1, 2]
        assert [one.value for one in scalars] == pytest.approx([row[name] for row in rows], 1e-6)
