"""Spiking networks in NIR, and back; standard nodes read by the ``nir`` package itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.contenders import layer_list as layers
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset
from spikeoff.errors import UserError
from spikeoff.experiments.exports import nir as exporter
from spikeoff.experiments.exports import nir_file

pytest.importorskip("nir")
pytestmark = pytest.mark.reference


def written(dataset: Dataset, path: Path, name: str, **settings: Any) -> Any:
    kind: Any = find(name)
    contender = kind(kind.config_type(num_threads=1, **settings), dataset.spec)
    exporter.write(contender, path)
    return contender


def test_lif_is_read_by_nir_and_its_exact_solution_is_our_step(
    mnist: Dataset, tmp_path: Path
) -> None:
    nir = pytest.importorskip("nir")
    path = tmp_path / "lif.nir"
    contender = written(
        mnist, path, "izhikevich-gradient", neuron="lif", hidden=(6,), synapse="decaying"
    )
    graph = nir.read(path)
    kinds = [type(node).__name__ for node in graph.nodes.values()]
    assert sorted(kinds) == sorted(
        ["Input", "Linear", "LI", "Affine", "LIF", "Linear", "LI", "LIF", "Output"]
    )
    config = contender.config
    lif = next(node for node in graph.nodes.values() if isinstance(node, nir.LIF))
    # tau dv/dt = r i - v over dt: v' = beta v + (1 - beta) r i, which is beta v + dt i here
    beta = np.exp(-1e-3 / lif.tau)
    np.testing.assert_allclose(beta, np.exp(-config.dt / config.tau_mem), rtol=1e-6)
    np.testing.assert_allclose((1 - beta) * lif.r, config.dt, rtol=1e-5)
    current = next(node for node in graph.nodes.values() if isinstance(node, nir.LI))
    decay = np.exp(-1e-3 / current.tau)
    np.testing.assert_allclose(decay, np.exp(-config.dt / config.tau_syn), rtol=1e-6)
    np.testing.assert_allclose((1 - decay) * current.r, 1, rtol=1e-5)


@pytest.mark.parametrize("neuron", ["izhikevich", "lif"])
@pytest.mark.parametrize("synapse", ["kick", "held", "decaying"])
def test_a_round_trip_gives_the_same_layers(
    neuron: str, synapse: str, mnist: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "network.nir"
    contender = written(
        mnist,
        path,
        "izhikevich-gradient",
        neuron=neuron,
        hidden=(6, 5),
        synapse=synapse,
        dt=0.5,
    )
    ours, theirs = contender.layer_list(), exporter.read_layers(path)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert type(one) is type(other)
        for name, value in vars(one).items():
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(value, getattr(other, name))
            elif name == "decay":
                assert getattr(other, name) == pytest.approx(value, rel=1e-6)
            elif name not in ("scale", "bias"):
                assert getattr(other, name) == value


def test_columns_become_weights_that_sum_to_nothing(mnist: Dataset, tmp_path: Path) -> None:
    """Shared inhibition takes the mean of a column from each of its neurons."""
    path = tmp_path / "stdp.nir"
    contender = written(mnist, path, "izhikevich-stdp", n_hidden=64, columns=4)
    affine = exporter.read_layers(path)[0]
    assert isinstance(affine, layers.Affine)
    by_column = affine.weight.reshape(784, 16, 4).sum(axis=2)
    np.testing.assert_allclose(by_column, 0, atol=1e-4)
    assert np.abs(affine.weight).max() > 0
    assert any(isinstance(one, layers.Pool) for one in contender.layer_list())


def test_what_nir_cannot_hold_is_told(mnist: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mlp does not spike, .* choose onnx"):
        written(mnist, tmp_path / "mlp.nir", "mlp", hidden=(6,))
    with pytest.raises(UserError, match="NIR has no node for PictureToRow"):
        written(mnist, tmp_path / "x.nir", "izhikevich-gradient", hidden=(6,), coding="direct")
    assert not list(tmp_path.iterdir())
    (tmp_path / "bad.nir").write_text("nothing")
    with pytest.raises(UserError, match=r"bad\.nir: no readable NIR graph"):
        nir_file.read(tmp_path / "bad.nir")
