"""What is varied: its forms, and its fit to a configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.gradient.mlp import MLPConfig
from spikeoff.contenders.izhikevich_stdp.config import IzhikevichSTDPConfig
from spikeoff.contenders.presets import preset_config
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.errors import UserError
from spikeoff.experiments.search import space
from spikeoff.experiments.search.sampling import distribution, holds
from spikeoff.experiments.search.space import Choice, Range


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_contender_has_a_space_that_its_settings_lie_in(name: str) -> None:
    kind = find(name)
    found = space.from_content(kind.search_space, kind.config_type)
    config = preset_config(kind, "quick").resolved()
    space.check(found, kind.config_type, {})
    assert 3 <= len(found) <= 6
    for field, one in found.items():
        assert holds(distribution(one), getattr(config, field)), field


def test_the_forms_of_flags() -> None:
    entries = ["stdp_lr=log:1e-3..0.1", "n-hidden=128..1000:64", "hidden=fast-spiking,chattering",
               "columns=none,2,4", "theta_plus=0..1"]  # fmt: skip
    assert space.from_flags(entries, IzhikevichSTDPConfig) == {
        "stdp_lr": Range(0.001, 0.1, log=True),
        "n_hidden": Range(128, 960, step=64),
        "hidden": Choice(("fast-spiking", "chattering")),
        "columns": Choice((None, 2, 4)),
        "theta_plus": Range(0.0, 1.0),
    }
    assert space.from_flags(["connect_xeai=true,false"], DiehlCookConfig) == {
        "connect_xeai": Choice((True, False))
    }


def test_toml_tells_the_same_as_flags(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text(
        'learning_rate = "log:0.001..0.1"\nn_hidden = {low = 8, high = 64, step = 8}\n'
        'dropout = {low = 0, high = 0.5}\nbatch_size = [32, 64]\nepochs = "2..4"\n'
    )
    flags = ["learning_rate=log:0.001..0.1", "n_hidden=8..64:8", "dropout=0..0.5",
             "batch_size=32,64", "epochs=2..4"]  # fmt: skip
    assert space.from_file(path, MLPConfig) == space.from_flags(flags, MLPConfig)


numbers = st.floats(1e-6, 1e6).map(lambda number: float(f"{number:.6g}"))
ranges = st.tuples(numbers, numbers, st.booleans()).filter(lambda one: one[0] < one[1])


@given(one=ranges)
@settings(deadline=None)
def test_a_range_is_read_back_and_its_draws_keep_to_it(one: tuple[float, float, bool]) -> None:
    low, high, log = one
    text = f"weight_decay={'log:' if log else ''}{low!r}..{high!r}"
    found = space.from_flags([text], MLPConfig)
    assert found == {"weight_decay": Range(low, high, log)}
    assert space.from_content(json.loads(json.dumps(space.to_content(found))), MLPConfig) == found
    drawn = distribution(found["weight_decay"])
    assert holds(drawn, low) and holds(drawn, high)
    assert not holds(drawn, low / 2) and not holds(drawn, high * 2)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("learning_rate", "--vary learning_rate: not of the form"),
        (
            "learning_rat=1..2",
            "`learning_rat` is no setting of MLPConfig; did you mean learning_rate?",
        ),
        ("seed=0..5", "`seed` is not for a search to vary"),
        ("n_validation=10..50", "`n_validation` is not for a search to vary"),
        ("n_hidden=0.5..8", "`n_hidden` is a whole number; 0.5 cannot bound it"),
        ("n_hidden=8..4", "`n_hidden`: low (=8) must be below high (=4)"),
        ("n_hidden=8..64:100", "`n_hidden`: step (=100) must be above 0"),
        ("dropout=log:0..1", "`dropout`: low (=0) must be above 0 for a logarithmic range"),
        ("dropout=a..b", "`dropout`: 'a' is no number"),
        ("dropout=nan..1", "`dropout`: nan is no number"),
        ("initialisation=1..2", "`initialisation` holds no numbers"),
        ("initialisation=equalised,other", "`initialisation` cannot be other"),
        ("initialisation=kaiming", "`initialisation` needs from 2 to 100 different values"),
        ("dropout=0..1", "dropout cannot be 1.0: `dropout` (=1.0) must be from 0 to below 1"),
        ("batch_size=0,8", "batch_size cannot be 0: `batch_size` (=0) must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(entry: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        space.check(space.from_flags([entry], MLPConfig), MLPConfig, {})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_field_is_named_once() -> None:
    with pytest.raises(UserError, match="--vary names dropout twice"):
        space.from_flags(["dropout=0..0.5", "dropout=0..0.6"], MLPConfig)
