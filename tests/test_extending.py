"""The examples of docs/extending.md, run as they are printed there."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from spikeoff.contenders import registry
from spikeoff.data import load_dataset
from spikeoff.ledger.energy_models import registry as energy_models
from spikeoff.ledger.operation_energy import load_table
from spikeoff.ledger.raster import read_raster
from spikeoff.neurons import models
from spikeoff.neurons.cost import update_cost
from spikeoff.neurons.torch_layer import neuron_layer
from spikeoff.report.groups import group
from spikeoff.report.model_ratios import model_ratios
from spikeoff.report.networks import network_of
from spikeoff.run.session import run
from tests.report.test_comparison import RECORDS

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"


def example(language: str, name: str) -> str:
    """The block of code whose first line names this file."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return next(block for block in blocks if block.startswith(f"# {name}"))


def test_a_network_names_its_twin() -> None:
    scope: dict[str, Any] = {"__name__": "twins"}
    exec(compile(example("python", "twins.py"), "twins.py", "exec"), scope)
    config = registry.find("izhikevich-gradient").config_type()
    own = registry.find("izhikevich-gradient").twins(config)
    assert scope["WithTwin"].twins(config) == own[:1]


def test_the_network_trains_and_gets_its_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("first_spikes")
    exec(compile(example("python", "first_spikes.py"), "first_spikes.py", "exec"), vars(module))
    monkeypatch.setitem(sys.modules, "first_spikes", module)
    point = EntryPoint("first-spikes", "first_spikes:FirstSpikes", registry.GROUP)
    monkeypatch.setattr(registry, "registered", lambda _: {point.name: point.value})
    config = registry.find("first-spikes").config_type(
        epochs=1, n_train=2000, n_validation=200, timing_seconds=0.0, energy_seconds=0.0,
        save_path=tmp_path / "run",
    )  # fmt: skip
    record = run("first-spikes", config)
    assert 0.7 < record.summary["accuracy"]["test"] < 0.9  # naive Bayes; guessing gives 0.1
    test = load_dataset().test
    lit = np.count_nonzero(test.flat) / len(test)
    operations = record.summary["operations"]
    assert operations["effective_acs"] == pytest.approx(10 * lit, rel=2e-3)  # few weights are 0
    assert operations["membrane_updates"] == 8 * 10
    readings = record.summary["anytime"]
    assert readings[-1]["accuracy"] == pytest.approx(record.summary["accuracy"]["test"], abs=1e-3)
    assert readings[0]["accuracy"] < readings[-1]["accuracy"]
    raster = read_raster(record.folder)
    assert raster is not None
    assert len(raster.shown) == 10


def test_the_neuron_fires_above_its_rheobase_and_its_backward_step_is_autograds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    neuron: Any = ModuleType("quadratic_lif")
    monkeypatch.setitem(sys.modules, "quadratic_lif", neuron)
    code = example("python", "quadratic_lif.py")
    exec(compile(code, "quadratic_lif.py", "exec"), vars(neuron))
    for table in (models.TRAINABLE, models.MODELS):
        monkeypatch.setitem(table, "quadratic-lif", neuron)
    params = neuron.QIFParams()
    rheobase = params.gain * ((params.v_crit - params.v_rest) / 2) ** 2
    currents = torch.tensor([0.99, 1.01]).double()[:, None, None] * rheobase
    spikes, _ = neuron_layer(currents.repeat(1, 4000, 1), params, 0.1, "fast_sigmoid", 25.0, 1.0)
    assert spikes.sum(dim=(1, 2)).tolist()[0] == 0
    assert spikes.sum(dim=(1, 2)).tolist()[1] > 0

    current = torch.tensor([[[3.0]]], dtype=torch.float64, requires_grad=True)
    _, trace = neuron_layer(current, params, 0.1, "fast_sigmoid", 25.0, 1.0)
    trace.sum().backward()  # type: ignore[no-untyped-call]
    p = params.constants(0.1)
    _, by_current = neuron.pull_back(
        neuron.State(1.0), 0.0, float(trace.detach()), params.v_rest, p, max_slope=1.0
    )
    assert current.grad is not None
    assert float(current.grad) == pytest.approx(by_current)

    cost = update_cost("quadratic-lif")
    assert cost.words == 1
    assert (cost.arithmetic.multiplications, cost.arithmetic.additions) == (3, 5)


@pytest.mark.slow
def test_the_data_set_is_read_with_its_own_shape_and_classes(tmp_path: Path) -> None:
    code = example("python", "digits.py")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    dataset = load_dataset(str(tmp_path / "digits.npz"))
    assert dataset.spec.shape == (8, 8)
    assert dataset.spec.n_classes == 10
    assert dataset.train.pixels.max() == 255


def test_the_energy_model_is_one_more_in_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("mesh")
    exec(compile(example("python", "mesh.py"), "mesh.py", "exec"), vars(module))
    monkeypatch.setitem(sys.modules, "mesh", module)
    point = EntryPoint("mesh", "mesh:MODEL", energy_models.GROUP)
    monkeypatch.setattr(energy_models, "registered", lambda _: {point.name: point.value})
    (pair,) = model_ratios(group(RECORDS), load_table())
    mesh = pair.ratios[-1]
    assert mesh.model == "mesh"
    assert mesh.skipping is not None
    # 3 M additions of 0.9 pJ against 2 M products of 4.6; messages are a few percent
    assert mesh.skipping == pytest.approx(3 * 0.9 / (2 * 4.6), rel=0.05)
    layer = RECORDS[2].summary["operations"]["layers"][0]
    twin = module.energy(network_of(RECORDS[2]))
    assert twin["messages"] == pytest.approx(
        3 * (layer["events_in"] * 7 * math.sqrt(7) + 2e6 * 0.05 / 10)
    )


def test_the_energy_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "my_chip.toml"
    path.write_text(example("toml", "my_chip.toml"))
    table = load_table(path)
    assert (table.multiply, table.add, table.divide) == (3.0, 1.0, 10.0)
    assert table.word(1000) == 4.0
    assert table.word(1e9) == 750.0
