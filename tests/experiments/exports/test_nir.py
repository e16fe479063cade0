"""Spiking networks in NIR, and back; standard nodes read by the ``nir`` package itself."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

import spikeoff
from spikeoff.contenders import layer_list as layers
from spikeoff.contenders import nir_file
from spikeoff.contenders.gradient.nir import nodes
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset
from spikeoff.errors import UserError
from spikeoff.experiments.exports import nir as exporter
from tests import small_data

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


LOUD = {"hidden_scale": 2.0, "output_scale": 4.0, "n_steps": 10, "seed": 3}
"""Weights that make untrained output neurons fire."""


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("izhikevich-gradient", {"hidden": (40, 20), **LOUD, "n_steps": 14}),
        ("izhikevich-gradient", {"hidden": (12,), "synapse": "decaying", "dt": 0.5, **LOUD}),
        ("izhikevich-gradient", {"hidden": (12,), "synapse": "held", "neuron": "lif", **LOUD}),
        ("izhikevich-gradient", {"hidden": (12, 8), "neuron": "lif", **LOUD}),
        ("izhikevich-sparse", {"hidden": (12,), "seed": 3}),
        ("izhikevich-sparse", {"hidden": (12,), "seed": 3, "levels": (200, 30)}),
        ("izhikevich-sparse", {"hidden": (12,), "readout": "spikes+potential", "n_steps": 10}),
        ("izhikevich-stdp", {"n_hidden": 64, "n_steps": 10}),
        (
            "izhikevich-stdp",
            {
                "n_hidden": 64,
                "n_steps": 10,
                "coding": "latency",
                "synapse": "held",
                "answer": "sum",
            },
        ),
    ],
)
def test_a_graph_that_comes_back_answers_as_its_network(
    name: str, settings: dict[str, Any], mnist: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "network.nir"
    contender = written(mnist, path, name, **settings)
    if name == "izhikevich-stdp":  # untrained, it is silent
        list(contender.learn(mnist.train.take(slice(0, 128)), 1))
        exporter.write(contender, path)
    graph = spikeoff.load_nir(path, seed=contender.config.seed, num_threads=1)
    images = mnist.test.take(slice(0, 24))
    ours = contender.respond(images)
    np.testing.assert_allclose(graph.respond(images).scores, ours.scores, rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(graph.predict(images), ours.labels)
    assert np.ptp(ours.scores) > 0
    assert graph.network.neuron == contender.neuron
    theirs, counted = graph.operations(images), contender.account(images).operations
    assert theirs.membrane_updates == counted.membrane_updates
    if name != "izhikevich-stdp":  # whose shared inhibition became weights of its own
        assert theirs.effective_acs == pytest.approx(counted.effective_acs)


def test_lif_follows_the_closed_form_and_euler_converges_to_it() -> None:
    """v(t) = v_leak + r I (1 - exp(-t / tau)) from rest, at any step; Euler's error halves."""
    tau, r, v_leak, current = 0.01, 2.0, -1.0, 3.0
    node = {"type": "LI", "tau": np.array([tau]), "r": np.array([r]), "v_leak": np.array([v_leak])}
    errors = {}
    for dt in (1.0, 0.5, 0.25):
        steps = round(20 / dt)
        closed = v_leak + r * current * (1 - np.exp(-np.arange(1, steps + 1) * dt * 1e-3 / tau))
        for integration in ("exact", "euler"):
            found = nodes.module_of(node, dt, integration)(torch.full((steps, 1, 1), current))
            errors[integration, dt] = np.abs(found.numpy().ravel() - closed).max()
    assert max(errors["exact", dt] for dt in (1.0, 0.5, 0.25)) < 1e-5
    assert errors["euler", 1.0] / errors["euler", 0.5] == pytest.approx(2, rel=0.1)
    assert errors["euler", 0.5] / errors["euler", 0.25] == pytest.approx(2, rel=0.1)


def test_lif_fires_when_the_closed_form_crosses_and_resets_to_its_value() -> None:
    tau, current, threshold, reset = 0.02, 1.5, 1.0, 0.25
    values = {"tau": tau, "r": 1.0, "v_leak": 0.0, "v_threshold": threshold, "v_reset": reset}
    node = {"type": "LIF", **{key: np.array([value]) for key, value in values.items()}}
    spikes = nodes.module_of(node, 0.1, "exact")(torch.full((2000, 1, 1), current)).ravel()
    fired = np.flatnonzero(spikes.numpy()) + 1
    first = tau * np.log(current / (current - threshold)) / 1e-4
    between = tau * np.log((current - reset) / (current - threshold)) / 1e-4
    assert fired[0] == np.ceil(first)
    np.testing.assert_array_equal(np.diff(fired), np.ceil(between))


@pytest.mark.parametrize(
    ("a", "d", "count", "first"),
    [(0.02, 8.0, 22, [5, 32, 79, 126, 173]), (0.1, 2.0, 110, [5, 12, 21, 31, 42])],
)
def test_the_extension_node_fires_as_its_proposed_text_says(
    a: float, d: float, count: int, first: list[int]
) -> None:
    """The reference of docs/export.md, which plain Python computed in double precision."""
    values = {"a": a, "b": 0.2, "c": -65.0, "d": d}
    node = {"type": "spikeoff.Izhikevich", **{key: np.array([one]) for key, one in values.items()}}
    spikes = nodes.module_of(node, 1.0, "exact")(torch.full((1000, 1, 1), 10.0)).ravel()
    fired = np.flatnonzero(spikes.numpy()) + 1
    assert len(fired) == count
    assert fired[:5].tolist() == first


def test_euler_is_snntorchs_leaky_neuron(tmp_path: Path) -> None:
    """beta = 1 - dt / tau and unit gain, its reset to zero: spike for spike."""
    snn = pytest.importorskip("snntorch")
    beta, seconds = 0.9, 1e-4
    tau = seconds / (1 - beta)
    values = {"tau": tau, "r": tau / seconds, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}
    node = {"type": "LIF", **{key: np.full(5, value) for key, value in values.items()}}
    currents = torch.rand(40, 3, 5, generator=torch.Generator().manual_seed(1)) * 0.4
    ours = nodes.module_of(node, 0.1, "euler")(currents)
    leaky = snn.Leaky(beta=beta, reset_mechanism="zero", reset_delay=False)
    potential, theirs = leaky.reset_mem(), []
    for current in currents:
        spike, potential = leaky(current, potential)
        theirs.append(spike)
    np.testing.assert_array_equal(ours, torch.stack(theirs))
    assert ours.sum() > 50


def convolutional(path: Path, *more: Any) -> None:
    """A graph as the ``nir`` package writes it, with every other node that runs."""
    nir = pytest.importorskip("nir")
    rng, two = np.random.default_rng(0), np.array([2, 2])

    def lif(*shape: int) -> Any:
        one = np.ones(shape, np.float32)
        return nir.LIF(tau=0.01 * one, r=one, v_leak=0 * one, v_threshold=0.1 * one)

    weight = rng.normal(0, 0.5, (4, 1, 5, 5)).astype(np.float32)
    chain = [
        nir.Input(input_type={"input": np.array([1, 28, 28])}),
        nir.Conv2d(input_shape=(28, 28), weight=weight, stride=2, padding=1, dilation=1, groups=1,
                   bias=np.zeros(4, np.float32)),
        lif(4, 13, 13),
        nir.SumPool2d(kernel_size=two, stride=two, padding=0 * two),
        nir.AvgPool2d(kernel_size=two, stride=two, padding=0 * two),
        nir.Flatten(input_type={"input": np.array([4, 3, 3])}, start_dim=0, end_dim=-1),
        nir.Affine(weight=rng.normal(0, 1, (10, 36)).astype(np.float32),
                   bias=np.full(10, 0.1, np.float32)),
        nir.IF(r=np.full(10, 1e3), v_threshold=np.full(10, 1.0), v_reset=np.zeros(10)),
        nir.Output(output_type={"output": np.array([10])}),
    ]  # fmt: skip
    names = [f"n{k}" for k in range(len(chain))]
    edges = [*pairwise(names), *more]
    nir.write(path, nir.NIRGraph(dict(zip(names, chain, strict=True)), edges, type_check=False))


def test_a_convolutional_graph_of_other_programs_runs_and_is_counted(
    mnist: Dataset, tmp_path: Path
) -> None:
    """Against the same arithmetic, step by step, with PyTorch's functions."""
    convolutional(tmp_path / "conv.nir")
    graph = spikeoff.load_nir(tmp_path / "conv.nir", n_steps=6, num_threads=1)
    images = mnist.test.take(slice(0, 4))
    inputs = torch.from_numpy(graph.network.network_inputs(images))
    file = nir_file.read(tmp_path / "conv.nir")
    kernel, dense, bias = (
        torch.from_numpy(np.asarray(file.nodes[name][key], np.float32))
        for name, key in (("n1", "weight"), ("n6", "weight"), ("n6", "bias"))
    )
    keep = np.exp(-0.1)
    v, w, scores = torch.zeros(4, 4, 13, 13), torch.zeros(4, 10), torch.zeros(4, 10)
    hidden, pooled_events = torch.zeros(4, 13, 13), torch.zeros(())
    for step in inputs.unbind(1):
        v = keep * v + (1 - keep) * functional.conv2d(step.view(4, 1, 28, 28), kernel, None, 2, 1)
        spikes = (v > 0.1).float()
        v = v * (1 - spikes)
        pooled = functional.avg_pool2d(4 * functional.avg_pool2d(spikes, 2), 2).flatten(1)
        w = w + pooled @ dense.T + bias
        fired = (w > 1).float()
        w, scores = w * (1 - fired), scores + fired
        hidden, pooled_events = hidden + spikes.sum(0), pooled_events + (pooled != 0).sum()
    np.testing.assert_array_equal(graph.respond(images).scores, scores)
    recording = graph.record(images)
    np.testing.assert_array_equal(recording.events["nodes.n2"].sum(0), hidden.flatten())
    assert hidden.sum() > 0
    operations = graph.operations(images)
    assert operations.effective_macs == pytest.approx(10 * float(pooled_events) / 4)
    assert operations.membrane_updates == 6 * (4 * 13 * 13 + 10)


@pytest.mark.slow
def test_a_graph_joins_the_race_by_its_path(
    mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"hidden": (12,), "n_steps": 7, "max_rate": 0.4, "seed": 1}
    contender = written(mnist, tmp_path / "net.nir", "izhikevich-gradient", **settings)
    run = spikeoff.train(
        "net.nir", small_data.path(), seed=1, n_train=50, n_validation=20, timing_seconds=0,
        energy_seconds=0, num_threads=1, progress=False,
    )  # fmt: skip
    config = run.summary["config"]
    assert (config["coding"], config["n_steps"], config["max_rate"]) == ("rate", 7, 0.4)
    assert run.summary["spiking"]
    assert run.summary["neuron"] == "izhikevich"
    assert run.summary["operations"]["effective_acs"] > 0
    weight = nir_file.read(tmp_path / "net.nir").nodes["linear_1"]["weight"]
    held = run.network.state()["nodes.linear_1.weight"]
    np.testing.assert_array_equal(held, weight)
    images = small_data.dataset().test
    np.testing.assert_array_equal(run.predict(images), contender.respond(images).labels)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("missing", r"none\.nir: no readable NIR graph"),
        ("cycle", r"n6 -> n7 -> n6 is a cycle|n7 -> n6 -> n7 is a cycle"),
        ("unknown", "node 'n7' of type 'Delay' is not known here; known: Affine"),
        ("shape", "node 'n6' does not take what reaches it"),
        ("field", r"node 'n2' \(LIF\) cannot be used: 'tau'"),
        ("ending", "must end in .nir"),
        ("setting", "`integration`.*exact or euler"),
        ("steps", "has weights for 1 steps, not for 25; lower --n_steps"),
    ],
)
def test_graphs_that_cannot_run_are_told_in_a_line(
    damage: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.nir"
    convolutional(path, *([("n7", "n6")] if damage == "cycle" else []))
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "r+") as file:
        held = file["node"]["nodes"]
        if damage == "unknown":
            del held["n7"]["type"]
            held["n7"]["type"] = "Delay"
        if damage == "shape":
            del held["n6"]["weight"]
            held["n6"]["weight"] = np.zeros((10, 35))
        if damage == "field":
            del held["n2"]["tau"]
        if damage == "steps":
            file["node"].require_group("metadata")["step_weights"] = np.ones(1)
    path = {"missing": tmp_path / "none.nir", "ending": tmp_path / "net.onnx"}.get(damage, path)
    given = {"integration": "midpoint"} if damage == "setting" else {}
    with pytest.raises(UserError, match=message) as caught:
        spikeoff.load_nir(path, **given).predict(small_data.dataset().test.take(slice(0, 1)))
    assert "\n" not in str(caught.value)


def test_columns_become_weights_that_sum_to_nothing(mnist: Dataset, tmp_path: Path) -> None:
    """Shared inhibition takes the mean of a column from each of its neurons."""
    path = tmp_path / "stdp.nir"
    contender = written(mnist, path, "izhikevich-stdp", n_hidden=64, columns=4)
    weight = nir_file.read(path).nodes["linear_1"]["weight"]
    by_column = weight.reshape(16, 4, 784).sum(axis=1)
    np.testing.assert_allclose(by_column, 0, atol=1e-4)
    assert np.abs(weight).max() > 0
    assert any(isinstance(one, layers.Pool) for one in contender.layer_list())


def test_what_nir_cannot_hold_is_told(mnist: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mlp does not spike, .* choose onnx"):
        written(mnist, tmp_path / "mlp.nir", "mlp", hidden=(6,))
    with pytest.raises(UserError, match="NIR has no node for PictureToRow"):
        written(mnist, tmp_path / "x.nir", "izhikevich-gradient", hidden=(6,), coding="direct")
    with pytest.raises(UserError, match="NIR has no node for DelayedAffine"):
        written(mnist, tmp_path / "dc.nir", "diehl-cook", n_e=4)
    assert not list(tmp_path.iterdir())
    (tmp_path / "bad.nir").write_text("nothing")
    with pytest.raises(UserError, match=r"bad\.nir: no readable NIR graph"):
        nir_file.read(tmp_path / "bad.nir")
