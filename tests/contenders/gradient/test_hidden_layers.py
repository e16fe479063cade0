"""Hidden layers as a setting: any number of them, earlier settings and weights, both spellings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.cli import main
from spikeoff.cli.training import TrainFlags
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.flags import parse_flags
from spikeoff.contenders.gradient.mlp import MLP, MLPConfig
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.contenders.registry import find
from spikeoff.contenders.settings_file import read_settings
from spikeoff.data import Dataset
from spikeoff.errors import UserError
from spikeoff.experiments.campaign.definition import read_campaign
from spikeoff.experiments.search import space
from spikeoff.learning import dropout
from spikeoff.neurons.cost import update_cost
from spikeoff.run.json_files import plain
from spikeoff.run.run_record import read_run


def typed(name: str, *flags: str) -> Any:
    kind = find(name).config_type
    _, settings = parse_flags(TrainFlags, kind, flags, prog="train", defaults={})
    return kind(**settings)


@pytest.mark.parametrize("name", ["mlp", "izhikevich-gradient"])
def test_flags_take_one_layer_or_several_and_the_former_spelling(name: str) -> None:
    assert typed(name, "--hidden", "512", "256").hidden == (512, 256)
    assert typed(name, "--n_hidden", "64").hidden == (64,)
    assert typed(name, "--n-hidden=64").hidden == (64,)


def test_flags_take_patterns_by_their_former_names() -> None:
    config = typed("izhikevich-gradient", "--hidden", "chattering", "--n_hidden", "8",
                   "--output", "resonator")  # fmt: skip
    assert (config.hidden_pattern, config.output_pattern) == ("chattering", "resonator")
    assert config.hidden == (8,)
    assert typed("izhikevich-gradient", "--hidden=resonator").hidden_pattern == "resonator"


def test_settings_of_earlier_versions_load() -> None:
    """As ``config.json`` has them."""
    held = {"n_hidden": 96, "hidden": "chattering", "output": "fast-spiking", "n_steps": 20}
    config = from_plain(IzhikevichGradientConfig, held)
    assert config == IzhikevichGradientConfig(hidden=(96,), hidden_pattern="chattering", n_steps=20)
    assert from_plain(IzhikevichGradientConfig, plain(config)) == config
    assert from_plain(MLPConfig, {"n_hidden": 7}) == MLPConfig(hidden=(7,))
    assert from_plain(MLPConfig, {"hidden": [7, 8]}) == MLPConfig(hidden=(7, 8))
    assert from_plain(MLPConfig, {"hidden": 7}) == MLPConfig(hidden=(7,))
    with pytest.raises(UserError, match=r"`n_hidden` \(=many\) must be a whole number"):
        from_plain(MLPConfig, {"n_hidden": "many"})


def test_files_of_settings_take_both_spellings(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('n_hidden = 12\nhidden = "resonator"\n')
    held = read_settings(path, "izhikevich-gradient", IzhikevichGradientConfig)
    assert held == {"hidden": (12,), "hidden_pattern": "resonator"}
    path.write_text("hidden = [12, 6]\n")
    assert read_settings(path, "mlp", MLPConfig) == {"hidden": (12, 6)}


def test_campaigns_list_sizes_and_networks(tmp_path: Path) -> None:
    path = tmp_path / "sizes.toml"
    path.write_text("[mlp]\nn_hidden = [8, 64]\n[izhikevich-gradient]\nhidden = [[32, 16], 8]\n")
    entries = read_campaign(path).entries(tmp_path)
    found: dict[str, Any] = {entry.place: entry.config for entry in entries}
    assert found["mlp/n_hidden=8/seed-0"].hidden == (8,)
    assert {one.hidden for one in found.values()} == {(8,), (64,), (32, 16)}


def test_a_search_varies_the_size_of_one_layer() -> None:
    for name in ("n_hidden", "hidden"):
        found = space.from_flags([f"{name}=8..64:8"], IzhikevichGradientConfig)
        assert found == {name: space.Range(8, 64, step=8)}
        space.check(found, IzhikevichGradientConfig, plain(IzhikevichGradientConfig()))
        with pytest.raises(UserError, match=f"{name} cannot be 0"):
            space.check({name: space.Range(0, 8)}, IzhikevichGradientConfig, {})


@pytest.mark.parametrize("sizes", [(), (0,), (8, -1), (2**16,)])
def test_sizes_that_no_network_has_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"`hidden` \(=.*\) must be one or more numbers, each from"):
        IzhikevichGradientConfig(hidden=sizes)


def test_a_setting_of_another_neuron_is_refused() -> None:
    with pytest.raises(UserError, match=r"`hidden_pattern` \(=chattering\) must be left out: "
                                        "`neuron` is lif"):  # fmt: skip
        IzhikevichGradientConfig(neuron="lif", hidden_pattern="chattering")
    with pytest.raises(UserError, match=r"`tau_mem` \(=5.0\) must be left out"):
        IzhikevichGradientConfig(tau_mem=5.0)


def test_names_and_initial_weights_of_the_first_layer_are_those_of_a_network_of_one() -> None:
    one, two = (IzhikevichGradient(IzhikevichGradientConfig(hidden=sizes)).state()
                for sizes in ((8,), (8, 5)))  # fmt: skip
    assert list(one) == ["hidden", "bias", "output"]
    assert list(two) == ["hidden", "bias", "hidden_2", "bias_2", "output"]
    assert [two[name].shape for name in two] == [(784, 8), (8,), (8, 5), (5,), (5, 10)]
    np.testing.assert_array_equal(one["hidden"], two["hidden"])
    network = MLP(MLPConfig(hidden=(8, 5)))
    assert list(network.state()) == [
        "hidden.weight", "hidden.bias", "hidden_2.weight", "hidden_2.bias", "output.weight"
    ]  # fmt: skip
    assert network.parameter_count() == 8 * 785 + 5 * 9 + 50


def test_each_layers_dropout_is_drawn_for_itself() -> None:
    ids = np.arange(300)
    first, second = (dropout.keep_mask(ids, 64, 0.5, seed=0, epoch=1, layer=k) for k in (1, 2))
    np.testing.assert_array_equal(first, dropout.keep_mask(ids, 64, 0.5, seed=0, epoch=1))
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 5 / np.sqrt(first.size)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("mlp", {"hidden": (64, 32, 16)}),
        ("izhikevich-gradient", {"hidden": (64, 48), "hidden_scale": 1.0, "output_scale": 2.0}),
        ("izhikevich-gradient", {"hidden": (64,), "neuron": "lif", "output_scale": 1.0}),
        ("izhikevich-gradient", {"hidden": (64, 32), "neuron": "lif", "output_scale": 1.0}),
    ],
)
def test_networks_of_any_depth_learn_and_resume(
    name: str, settings: dict[str, Any], mnist: Dataset
) -> None:
    images = mnist.train.take(slice(0, 400))
    kind: Any = find(name)
    config = kind.config_type(epochs=8, batch_size=16, dropout=0.2, **settings)
    contender, other = kind(config), kind(config)
    before = contender.loss(contender.respond(images), images)
    for epoch in range(1, 9):
        list(contender.learn(images, epoch))
        if epoch == 4:
            other.resume(contender.snapshot())
    for epoch in range(5, 9):
        list(other.learn(images, epoch))
    assert contender.loss(contender.respond(images), images) < 0.7 * before
    state, resumed = contender.state(), other.state()
    assert all((state[key] == resumed[key]).all() for key in state)


def test_the_record_of_a_lif_network_names_its_neuron(tmp_path: Path) -> None:
    flags = ["--neuron", "lif", "--hidden", "24", "12", "--n_steps", "10", "--n_train", "200",
             "--n_validation", "50", "--epochs", "1", "--timing_seconds", "0",
             "--energy_seconds", "0", "--save_path", str(tmp_path / "run")]  # fmt: skip
    with pytest.raises(SystemExit) as caught:
        main(["train", "izhikevich-gradient", *flags])
    assert not caught.value.code
    summary = read_run(tmp_path / "run").summary
    assert summary["config"]["hidden"] == [24, 12]
    assert summary["neuron"] == "lif"
    assert update_cost(summary["neuron"]).words == 1
    assert summary["operations"]["membrane_updates"] == 10 * (24 + 12 + 10)
