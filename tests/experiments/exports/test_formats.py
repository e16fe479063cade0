"""A run's weights, results and spikes in files that other programs read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from spikeoff.contenders.registry import find
from spikeoff.errors import UserError
from spikeoff.experiments.exports import export_run
from spikeoff.run.run_record import read_run
from spikeoff.run.session import run
from spikeoff.run.trained import load_trained
from tests import small_data

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Small runs of a conventional and of a spiking network."""
    folder = tmp_path_factory.mktemp("runs")
    sizes: dict[str, dict[str, Any]] = {"mlp": {}, "izhikevich-sparse": {}}
    for name, size in sizes.items():
        kind: Any = find(name)
        config = kind.config_type(
            save_path=folder / name, mnist_path=small_data.path(), epochs=1, hidden=(24,),
            n_train=300, n_validation=50, num_threads=1, timing_seconds=0.0, energy_seconds=0.0,
            **size,
        )  # fmt: skip
        run(name, config)
    yield {name: folder / name for name in sizes}


def test_the_model_card_and_its_weights(finished: dict[str, Path], tmp_path: Path) -> None:
    folder = finished["izhikevich-sparse"]
    exported = export_run(folder, "safetensors", tmp_path / "card")
    weights, run_weights = (
        load_file(path)
        for path in (exported.path / "model.safetensors", folder / "weights.safetensors")
    )
    assert weights.keys() == run_weights.keys()
    assert all(np.array_equal(weights[name], run_weights[name]) for name in weights)
    card = (exported.path / "README.md").read_text()
    summary = read_run(folder).summary
    assert f"value: {summary['accuracy']['test']}" in card
    assert "- spiking-neural-network" in card
    assert str(folder) not in card
    settings = json.loads((exported.path / "config.json").read_text())
    assert settings["hidden"] == [24]
    assert not settings.keys() & {"save_path", "mnist_path", "started_in"}


def test_neurobenchs_results(finished: dict[str, Path]) -> None:
    for name, folder in finished.items():
        exported = export_run(folder, "neurobench")
        results = json.loads(exported.path.read_text())
        summary = read_run(folder).summary
        assert results["ClassificationAccuracy"] == summary["accuracy"]["test"]
        # the first layer: 784 x 24 at each step, or once
        steps = 8 if name == "izhikevich-sparse" else 1
        assert results["SynapticOperations"]["Dense"] == pytest.approx(
            steps * (784 * 24 + 24 * 10), rel=0.01
        )
        assert ("MembraneUpdates" in results) == summary["spiking"]


def test_spikes_are_those_of_the_recording(finished: dict[str, Path], tmp_path: Path) -> None:
    folder = finished["izhikevich-sparse"]
    exported = export_run(folder, "npz", tmp_path / "spikes.npz")
    held = np.load(exported.path)
    contender, dataset = load_trained(folder)
    images = dataset.test.take(np.searchsorted(dataset.test.ids, held["ids"]))
    recording = contender.record(images, every=1)
    assert held["populations"].tolist() == ["input", "hidden"]  # its outputs do not spike
    for number, name in enumerate(held["populations"]):
        of_it = held["population"] == number
        counted = np.zeros_like(recording.events[name])
        np.add.at(counted, (held["step"][of_it], held["neuron"][of_it]), 1)
        np.testing.assert_array_equal(counted, recording.events[name])
    np.testing.assert_array_equal(held["answers"], contender.respond(images).labels)
    first = held["image"] == 0
    assert (np.diff(held["population"][first].astype(int)) >= 0).all()
    with pytest.raises(UserError, match="mlp has no spikes"):
        export_run(finished["mlp"], "npz")


def test_units_in_nwb_are_the_same_spikes(finished: dict[str, Path], tmp_path: Path) -> None:
    pynwb = pytest.importorskip("pynwb")
    folder = finished["izhikevich-sparse"]
    held = np.load(export_run(folder, "npz", tmp_path / "spikes.npz").path)
    path = export_run(folder, "nwb", tmp_path / "spikes.nwb").path
    with pynwb.NWBHDF5IO(str(path), "r") as stream:
        file = stream.read()
        assert sum(len(times) for times in file.units["spike_times"]) == len(held["step"])
        assert file.trials["answer"][:].tolist() == held["answers"].tolist()
        row = len(file.units) - 1  # a hidden neuron, as populations come in order
        assert file.units["population"][row] == "hidden"
        mine = (held["population"] == 1) & (held["neuron"] == file.units["neuron"][row])
        seconds = 8e-3 * held["image"][mine] + 1e-3 * (held["step"][mine] + 1)
        np.testing.assert_allclose(file.units["spike_times"][row], np.sort(seconds))


def test_onnx_from_the_folder_of_a_run(finished: dict[str, Path]) -> None:
    pytest.importorskip("onnxruntime")
    for folder in finished.values():
        exported = export_run(folder, "onnx")
        assert exported.path == folder / "model.onnx"
        assert "500 of 500 answers are those of the run" in exported.note
