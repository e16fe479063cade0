"""Networks in ONNX Runtime give the answers that they give here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from spikeoff.contenders.base import Contender
from spikeoff.contenders.gradient.own_network import contender_of
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset
from spikeoff.errors import UserError
from spikeoff.experiments.exports import onnx

pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.reference

LOUD = {"hidden_scale": 2.0, "output_scale": 4.0}
"""Weights that make untrained output neurons fire."""

NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "mlp": ("mlp", {"hidden": (30, 20)}),
    "mlp in columns": ("mlp", {"hidden": (64,), "synapses": "columns"}),
    "mlp of usual weights": ("mlp", {"hidden": (30,), "initialisation": "kaiming"}),
    "mlp-int8": ("mlp-int8", {"hidden": (30,)}),
    "cnn": ("cnn", {"n_hidden": 16}),
    "cnn of 3 stages": ("cnn", {"n_hidden": 16, "channels": (4, 6, 8), "convolutions": 2}),
    "two layers": ("izhikevich-gradient", {"hidden": (40, 20), "n_steps": 12, **LOUD}),
    "lif": ("izhikevich-gradient", {"hidden": (40,), "n_steps": 12, "neuron": "lif", **LOUD}),
    "sparse": ("izhikevich-sparse", {"hidden": (40,)}),
    "potential": (
        "izhikevich-sparse", {"hidden": (40,), "readout": "spikes+potential", "n_steps": 12}
    ),
    "constant current": (
        "izhikevich-gradient",
        {"hidden": (40,), "coding": "direct", "synapse": "decaying", "n_steps": 12, **LOUD},
    ),
    "stdp": ("izhikevich-stdp", {"n_hidden": 64, "n_steps": 12}),
    "stdp by ordinal": ("izhikevich-stdp", {"n_hidden": 64, "n_steps": 12, "readout_weights": 2}),
    "stdp sums": (
        "izhikevich-stdp",
        {
            "n_hidden": 64, "n_steps": 12, "coding": "latency", "synapse": "held",
            "readout_weights": 4, "answer": "sum",
        },
    ),
}  # fmt: skip


def network(name: str, dataset: Dataset) -> Contender:
    contender, settings = NETWORKS[name]
    kind: Any = find(contender)
    return kind(kind.config_type(num_threads=1, seed=3, epochs=1, **settings), dataset.spec)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_runtime_gives_the_same_scores(name: str, mnist: Dataset, tmp_path: Path) -> None:
    contender = network(name, mnist)
    if name.startswith(("stdp", "cnn", "mlp-int8")):  # statistics, tops and thresholds are learned
        list(contender.learn(mnist.train.take(slice(0, 128)), 1))
    images = mnist.test.take(slice(0, 30))
    scores = contender.respond(images).scores
    onnx.write(contender, images, tmp_path / "model.onnx")
    parity = onnx.check(tmp_path / "model.onnx", contender, images, scores)
    assert parity.same == parity.images == 30
    assert parity.difference == pytest.approx(0, abs=1e-3)
    assert np.ptp(scores) > 0


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_e2": 8, "vote": "learned", "response_inhibition": 0.3},
        {"n_i": 30, "connect_xeai": True, "vote": "proportional"},
    ],
)
def test_a_presentation_of_diehl_cook_has_the_same_spikes(
    settings: dict[str, Any], mnist: Dataset, tmp_path: Path
) -> None:
    """Images that need several presentations among them: the standing one is what goes in."""
    kind: Any = find("diehl-cook")
    short = {"example_time": 0.1, "resting_time": 0.01, "input_intensity": 4.0}
    contender = kind(kind.config_type(n_e=20, num_threads=1, **short, **settings), mnist.spec)
    images = mnist.train.take(slice(0, 40))
    list(contender.learn(images, 1))
    contender.conclude(images)
    shown = mnist.test.take(np.arange(20))  # a copy
    shown.pixels[:3] //= 3
    response = contender.respond(shown)
    assert response.hidden is not None
    onnx.write(contender, shown, tmp_path / "model.onnx")
    session = onnx._session(tmp_path / "model.onnx", 1)
    spikes = contender.network_inputs(shown)
    scores, counts = session.run(["scores", "spike_counts"], {"spikes": spikes})
    np.testing.assert_array_equal(counts, response.hidden)
    np.testing.assert_allclose(scores, response.scores, rtol=1e-5, atol=1e-6)
    assert (response.hidden.sum(axis=1) >= 5).mean() > 0.8  # a faint one may stay silent
    first = spikes.sum(axis=(1, 2))
    assert first[:3].mean() > 0
    parity = onnx.check(tmp_path / "model.onnx", contender, shown, response.scores)
    assert parity.same == 20


def test_what_is_no_list_of_layers_is_refused(mnist: Dataset, tmp_path: Path) -> None:
    def own() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    kind: Any = contender_of(own, "here:own")
    contender = kind(kind.config_type(num_threads=1), mnist.spec)
    with pytest.raises(UserError, match=r"here:own is no list of layers .* choose safetensors"):
        onnx.write(contender, mnist.test, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_parity_counts_what_differs() -> None:
    ours = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    theirs = np.array([[1, 0], [0, 1], [0.25, 0.5]], np.float32)
    parity = onnx.parity(theirs, ours, np.array([0, 0, 1], np.uint8))
    assert (parity.images, parity.same, parity.difference) == (3, 2, 0.75)
    assert parity.accuracy == pytest.approx(2 / 3)
    assert parity.run_accuracy == pytest.approx(1 / 3)
