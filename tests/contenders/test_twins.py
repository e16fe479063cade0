"""Twins: the same layers, the same synapses, each once in a race."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.contenders.base import Twin
from spikeoff.contenders.gradient.mlp import MLP, MLPConfig
from spikeoff.contenders.izhikevich_stdp.config import IzhikevichSTDPConfig
from spikeoff.contenders.izhikevich_stdp.contender import IzhikevichSTDP
from spikeoff.contenders.presets import preset_config
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.contenders.twins import added_twins
from spikeoff.data import MNIST, ImageSpec
from spikeoff.errors import UserError
from spikeoff.experiments.campaign import entries, read_race
from spikeoff.experiments.campaign.plan import write_race


def twin_of(name: str, **changes: Any) -> tuple[str, dict[str, Any]]:
    kind = find(name)
    first = kind.twins(kind.config_type(**changes))[0]
    return first.contender, dict(first.settings)


@pytest.mark.parametrize(
    ("name", "changes", "settings"),
    [
        ("izhikevich-gradient", {}, {"hidden": (1024,)}),
        ("izhikevich-gradient", {"hidden": (64, 32), "n_steps": 5}, {"hidden": (64, 32)}),
        ("izhikevich-stdp", {}, {"hidden": (512,), "synapses": "columns"}),
        (
            "izhikevich-stdp",
            {"n_hidden": 72, "columns": 3, "field": 12},
            {"hidden": (72,), "synapses": "columns", "columns": 3, "field": 12},
        ),
        ("diehl-cook", {}, {"hidden": (400,)}),
        ("diehl-cook", {"n_e": 100, "n_e2": 50}, {"hidden": (100, 50)}),
    ],
)
def test_a_twin_has_the_layers_of_its_network(
    name: str, changes: dict[str, Any], settings: dict[str, Any]
) -> None:
    assert twin_of(name, **changes) == ("mlp", settings)


def test_a_size_that_files_bring_has_no_twin() -> None:
    kind = find("diehl-cook")
    assert kind.twins(kind.config_type(data_path=Path("weights"))) == ()  # type: ignore[call-arg]


@pytest.mark.parametrize("name", BUILT_IN)
def test_only_spiking_networks_have_twins_and_these_are_conventional(name: str) -> None:
    kind = find(name)
    twins = kind.twins(kind.config_type())
    assert bool(twins) == kind.spiking
    assert not any(find(twin.contender).spiking for twin in twins)


@pytest.mark.parametrize(
    "changes",
    [{}, {"n_hidden": 128}, {"n_hidden": 54, "columns": 3, "field": 5}, {"n_hidden": 10}],
)
@pytest.mark.parametrize(
    "spec", [MNIST, ImageSpec((8, 8), ("a", "b")), ImageSpec((12, 20, 3), tuple("abc"))], ids=str
)
def test_the_twin_of_columns_has_their_synapses(changes: dict[str, Any], spec: ImageSpec) -> None:
    config = IzhikevichSTDPConfig(seed=3, **changes)
    (twin,) = IzhikevichSTDP.twins(config)[:1]
    spiking, conventional = IzhikevichSTDP(config, spec), MLP(MLPConfig(**twin.settings), spec)
    drawn = spiking.state()["hidden"]  # from U(0.5, 1) where there is a synapse
    np.testing.assert_array_equal(conventional.state()["hidden.weight"].T != 0, drawn != 0)


def test_a_race_adds_each_twin_once_and_none_that_runs_already() -> None:
    def added(*names: str, **common: Any) -> list[tuple[str, Any]]:
        chosen = [(name, preset_config(find(name), "original")) for name in names]
        return [(t.contender, t.settings) for t in added_twins(chosen, "original", common)]

    def twins(name: str) -> list[tuple[str, Any]]:
        kind = find(name)
        return [(twin.contender, twin.settings) for twin in kind.twins(kind.config_type())]

    wide, masked = twins("izhikevich-gradient"), twins("izhikevich-stdp")
    assert added("cnn", "mlp") == []
    assert added("izhikevich-stdp", "izhikevich-gradient", "mlp") == [*masked, *wide]
    one = find("izhikevich-gradient").config_type(hidden=(512,))  # type: ignore[call-arg]
    mlp = find("mlp").config_type()
    chosen = [("izhikevich-gradient", one), ("mlp", mlp)]
    assert [twin.contender for twin in added_twins(chosen, "full", {})] == ["mlp-int8"]
    alone, rounded = added_twins(chosen[:1], "full", {"n_train": 700})
    assert alone.config == find("mlp").config_type(n_train=700)
    assert rounded.config.n_train == 700
    assert len(added_twins([chosen[0]] * 2, "full", {})) == 2
    assert [twin.contender for twin in added_twins(chosen[:1], "quick", {})] == ["mlp"]


def test_a_twin_that_cannot_be_run_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = find("izhikevich-gradient")
    for twin, trouble in (
        (Twin("nobody", {}), "is no contender"),
        (Twin("mlp", {"depth": 3}), "`depth` is no setting of MLPConfig"),
        (Twin("mlp", {"hidden": (0,)}), "each at least 1"),
    ):
        monkeypatch.setattr(kind, "twins", lambda config, twin=twin: (twin,))
        with pytest.raises(UserError, match=rf"izhikevich-gradient names a twin .*{trouble}"):
            added_twins([("izhikevich-gradient", kind.config_type())], "quick", {})


def test_twins_run_in_folders_that_say_what_they_are(tmp_path: Path) -> None:
    names = ["izhikevich-stdp", "izhikevich-gradient", "diehl-cook", "mlp"]
    common = {"epochs": 2, "n_train": 300}
    runs = entries(names, [0, 5], "original", common, tmp_path, twins=True)
    twins = [
        "mlp/hidden=512,synapses=columns",
        "mlp-int8/hidden=512,synapses=columns,activation_bits=5",
        "mlp/hidden=1024", "mlp-int8/hidden=1024,activation_bits=6",
        "mlp/hidden=400", "mlp-int8/hidden=400,activation_bits=10",
    ]  # fmt: skip
    assert [one.place for one in runs] == [
        f"{place}/seed-{seed}" for seed in (0, 5) for place in [*names, *twins]
    ]
    assert runs[6].name == "mlp hidden=1024 seed 0"
    for one in runs:
        assert (one.config.epochs, one.config.n_train) == (2, 300)
        assert one.config.save_path == tmp_path / one.place
    write_race(runs, tmp_path, None)
    assert read_race(tmp_path)[0] == runs
    alone = entries(names, [0, 5], "original", common, tmp_path)
    assert [one.place for one in alone] == [f"{n}/seed-{seed}" for seed in (0, 5) for n in names]


def test_sizes_of_several_layers_make_a_folders_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = find("izhikevich-gradient")
    twin = Twin("mlp", {"hidden": (512, 256)})
    monkeypatch.setattr(kind, "twins", lambda config: (twin,))
    runs = entries(["izhikevich-gradient"], [0], "quick", {}, tmp_path, twins=True)
    assert runs[1].place == "mlp/hidden=512+256/seed-0"
