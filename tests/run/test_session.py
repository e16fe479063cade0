"""A whole run: its folder, its record, its determinism."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.data import load_dataset
from spikeoff.errors import UserError
from spikeoff.experiments.training import train
from spikeoff.run.run_record import RunRecord, read_run
from tests import pictures, small_data

# The file names that the seed's scripts write, and the spikes that spiking networks keep.
SEED_FILES = {
    "diehl-cook": {
        "training_metrics.csv",
        "confusion_matrix.png",
        "training_analysis.png",
        "training.log",
        "XeAe.npy",
        "AeAi.npy",
        "AiAe.npy",
        "theta_A.npy",
        "result_monitor_training.npy",
        "input_numbers_training.npy",
        "result_monitor_final.npy",
        "input_numbers_final.npy",
        "weights.png",
        "accuracy.png",
        "raster.npz",
    },
    "izhikevich-stdp": {
        "training_metrics_stdp.csv",
        "confusion_matrix.png",
        "training_analysis.png",
        "training.log",
        "receptive_fields.png",
        "spike_raster.png",
        "raster.npz",
    },
    "izhikevich-gradient": {
        "training_metrics.csv",
        "confusion_matrix.png",
        "training_analysis.png",
        "training.log",
        "raster.npz",
    },
    "izhikevich-sparse": {
        "training_metrics.csv",
        "confusion_matrix.png",
        "training_analysis.png",
        "training.log",
        "raster.npz",
    },
    "mlp": {
        "honest_cnn_metrics.csv",
        "confusion_matrix.png",
        "training_analysis.png",
        "honest_cnn_log.log",
    },
    "mlp-int8": {
        "metrics.csv",
        "confusion_matrix.png",
        "training_analysis.png",
        "training.log",
    },
    "cnn": {
        "cnn_metrics_fixed.csv",
        "confusion_matrix_fixed.png",
        "cnn_training_analysis_fixed.png",
        "cnn_log_fixed.log",
    },
}
# Columns that stay empty: the rule has no loss, and labels come last.
WITHOUT = {"diehl-cook": ("train_accuracy", "train_loss")}
STEPPED = {"diehl-cook", "izhikevich-gradient", "izhikevich-sparse", "izhikevich-stdp"}
OWN_FILES = {"config.json", "summary.json", "predictions.npz", "weights.safetensors"}
SMALL: dict[str, dict[str, Any]] = {
    "diehl-cook": {"n_e": 20, "example_time": 0.15, "resting_time": 0.05, "input_intensity": 6.0},
    "izhikevich-gradient": {"hidden": (64,), "n_steps": 10},
    "izhikevich-sparse": {"hidden": (64,)},
    "izhikevich-stdp": {"n_hidden": 100},
    "mlp": {"hidden": (64,)},
    "mlp-int8": {"hidden": (64,)},
    "cnn": {"n_hidden": 32},
}


def small_run(name: str, folder: Path, **changes: Any) -> RunRecord:
    fields = {
        "epochs": 2, "n_train": 500, "n_validation": 100, "timing_seconds": 0.02,
        "energy_seconds": 0, "mnist_path": small_data.path(), **SMALL[name], **changes,
    }  # fmt: skip
    return train(name, find(name).config_type(save_path=folder, **fields))


BY_SPEED = [
    name if name == "mlp" else pytest.param(name, marks=pytest.mark.slow) for name in BUILT_IN
]


@pytest.fixture(scope="session", params=BY_SPEED)
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    with pictures.drawn():
        return small_run(request.param, tmp_path_factory.mktemp("run") / "a")


def test_the_folder_holds_the_seeds_files_and_the_record(record: RunRecord) -> None:
    names = {path.name for path in record.folder.iterdir()}
    stepped = {"anytime.csv"} if record.contender in STEPPED else set()
    assert names == SEED_FILES[record.contender] | OWN_FILES | stepped
    for name in names:
        if name.endswith(".png"):
            assert (record.folder / name).read_bytes().startswith(b"\x89PNG")


def test_the_summary_has_every_key_and_sane_values(record: RunRecord) -> None:
    summary = json.loads((record.folder / "summary.json").read_text())
    assert {
        "contender", "engine", "seed", "version", "git_revision", "started", "finished",
        "parameters", "config", "data", "accuracy", "time", "spikes", "operations", "memory",
        "energy", "environment",
    } <= summary.keys()  # fmt: skip
    assert set(summary["accuracy"]) == {"train", "validation", "test"}
    assert all(0 <= value <= 1 for value in summary["accuracy"].values())
    assert summary["accuracy"]["test"] == (record.labels == record.answers).mean()
    assert summary["data"]["n_train"] == 500
    assert summary["data"]["notes"] == ["NumPy arrays"]  # what reading small_data.path() says
    assert summary["config"]["epochs"] == 2
    assert [(figure["quantity"], figure["provenance"]) for figure in summary["energy"]] == [
        ("training", "estimated"), ("test", "estimated"),
        ("training", "unavailable"), ("inference", "unavailable"),
    ]  # fmt: skip
    train_s = summary["time"]["train_s"]
    assert summary["energy"][0]["value"] == pytest.approx(160 * train_s)
    assert summary["time"]["train_ms_per_example"] == pytest.approx(train_s)
    assert summary["memory"]["peak_rss_bytes"] > 10_000_000


def test_the_metrics_file_has_a_row_an_epoch(record: RunRecord) -> None:
    path = record.folder / record.summary["files"]["metrics"]
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    for key in (
        "train_accuracy", "validation_accuracy", "train_loss", "spike_rate", "energy_estimate_j",
        "flops", "memory_mb",
    ):  # fmt: skip
        if key in WITHOUT.get(record.contender, ()):
            assert not any(row[key] for row in rows)
            continue
        assert all(float(row[key]) > 0 for row in rows)


def test_the_record_tells_operations_by_layer_sparsity_and_readings(record: RunRecord) -> None:
    summary = record.summary
    operations = summary["operations"]
    for key in ("dense_macs", "effective_macs", "effective_acs"):
        assert sum(layer[key] for layer in operations["layers"]) == operations[key]
    assert all(0 <= summary["sparsity"][key] < 1 for key in ("connection", "activation"))
    assert (summary["memory"]["buffers_bytes"] > 0) == (record.contender not in ("mlp", "mlp-int8"))
    assert ("anytime" in summary) == (record.contender in STEPPED)
    if "anytime" in summary:
        last = summary["anytime"][-1]
        assert last["accuracy"] == summary["accuracy"]["test"]
        assert last["effective_acs"] == operations["effective_acs"]
        with (record.folder / "anytime.csv").open() as stream:
            rows = list(csv.DictReader(stream))
        assert [float(row["accuracy"]) for row in rows] == pytest.approx(
            [reading["accuracy"] for reading in summary["anytime"]]
        )


def test_the_record_tells_what_stopping_with_confidence_gives(record: RunRecord) -> None:
    summary = record.summary
    assert ("early" in summary) == (record.contender in STEPPED)
    if "early" in summary:
        early, operations = summary["early"], summary["operations"]
        assert early["counted"] == small_data.N_TEST
        assert summary["anytime"][0]["steps"] <= early["mean_steps"] <= operations["steps"]
        assert early["quartiles"] == sorted(early["quartiles"])
        for count in ("effective_acs", "membrane_updates"):
            assert 0 < early[count] <= operations[count] * (1 + 1e-9)


def test_weights_and_predictions_belong_together(record: RunRecord) -> None:
    kind = find(record.contender)
    contender = kind(kind.config_type(**SMALL[record.contender]))
    contender.restore(dict(load_file(record.folder / "weights.safetensors")))
    answers = contender.respond(load_dataset(small_data.path()).test).labels
    assert (answers == record.answers).mean() > 0.999


def test_reading_gives_back_what_was_recorded(record: RunRecord) -> None:
    again = read_run(record.folder)
    assert again.summary == record.summary
    assert again.rows == record.rows
    assert again.confusion().sum() == small_data.N_TEST
    assert np.trace(again.confusion()) == round(
        small_data.N_TEST * record.summary["accuracy"]["test"]
    )


def test_same_seed_same_weights_bit_for_bit(record: RunRecord, tmp_path: Path) -> None:
    again = small_run(record.contender, tmp_path / "again")
    one, other = ((x.folder / "weights.safetensors").read_bytes() for x in (record, again))
    assert one == other


def test_a_folder_with_a_run_in_it_is_left_alone(record: RunRecord) -> None:
    before = (record.folder / "summary.json").read_bytes()
    with pytest.raises(UserError, match="holds a run already"):
        small_run(record.contender, record.folder)
    assert (record.folder / "summary.json").read_bytes() == before


@pytest.mark.slow
def test_a_run_without_validation_images(tmp_path: Path) -> None:
    record = small_run("cnn", tmp_path / "run", n_validation=0)
    assert record.summary["accuracy"]["validation"] is None
    log = (tmp_path / "run" / "cnn_log_fixed.log").read_text()
    assert "early stopping is off" in log


def test_without_validation_images_no_threshold_is_chosen(tmp_path: Path) -> None:
    record = small_run("izhikevich-sparse", tmp_path / "run", n_validation=0, epochs=1)
    assert "anytime" in record.summary
    assert "early" not in record.summary


def test_a_failure_is_in_the_log(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="diverged"):
        small_run("mlp", tmp_path / "run", learning_rate=1e30)
    assert "diverged" in (tmp_path / "run" / "honest_cnn_log.log").read_text()
    with pytest.raises(UserError, match="did not finish"):
        read_run(tmp_path / "run")
