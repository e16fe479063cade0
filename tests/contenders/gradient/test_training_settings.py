"""Pruning and weight averages of the gradient-trained networks, stopped and not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spikeoff.contenders.base import Contender
from spikeoff.contenders.registry import find
from spikeoff.data import Images
from spikeoff.errors import UserError

SMALL: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": (20, 12)},
    "mlp-int8": {"hidden": (20,)},
    "cnn": {"n_hidden": 8},
    "izhikevich-gradient": {"hidden": (20,), "n_steps": 4},
    "izhikevich-sparse": {"hidden": (20,)},
}
ALL = [
    pytest.param(name, marks=pytest.mark.slow if name in ("cnn", "izhikevich-gradient") else ())
    for name in SMALL
]
"""Some compile for seconds."""

PRUNED = ["mlp", "mlp-int8", "izhikevich-sparse"]
EPOCHS = 3


def made(name: str, **changes: Any) -> Contender:
    kind = find(name)
    settings = {**SMALL[name], "epochs": EPOCHS, "batch_size": 4, "device": "cpu", **changes}
    contender: Any = kind(kind.config_type(**settings))
    contender.batches_per_step = 3
    return contender  # type: ignore[no-any-return]


def trained(name: str, images: Images, **changes: Any) -> Contender:
    contender = made(name, **changes)
    for epoch in range(1, EPOCHS + 1):
        list(contender.learn(images, epoch))
    return contender


def same(one: Contender, other: Contender) -> None:
    ours, theirs = one.snapshot(), other.snapshot()
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


@pytest.mark.parametrize("name", ALL)
def test_averaged_and_stopped_in_an_epoch_it_ends_with_the_same_bits(
    name: str, few: Images
) -> None:
    settings = {"weight_average": 0.9}
    if name in PRUNED:
        settings["keep"] = 0.4
    if name == "izhikevich-sparse":
        settings["spike_penalty"] = 1e-4
    whole = trained(name, few, **settings)
    contender = made(name, **settings)
    for epoch in range(1, EPOCHS + 1):
        done = 0
        for step in contender.learn(few, epoch):
            done += step.examples
            snapshot, contender = contender.snapshot(), made(name, **settings)
            contender.resume(snapshot)
            break  # a run that is stopped after the first step
        assert 0 < done < len(few)
        list(contender.learn(few, epoch, done))
    same(whole, contender)


@pytest.mark.parametrize("name", ALL)
def test_the_average_answers_and_learning_is_the_same_without_it(name: str, few: Images) -> None:
    plain, averaged = trained(name, few), trained(name, few, weight_average=0.99)
    ours, theirs = averaged.state(), plain.state()
    assert any((array != theirs[name]).any() for name, array in ours.items())
    fresh = made(name)
    fresh.restore(averaged.state())
    np.testing.assert_array_equal(averaged.respond(few).scores, fresh.respond(few).scores)
    for key, moment in plain.snapshot().items():
        if key.startswith("adam."):
            np.testing.assert_array_equal(moment, averaged.snapshot()[key])


@pytest.mark.parametrize("name", PRUNED)
@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_pruned_network_has_and_is_billed_what_is_kept(
    name: str, average: float, few: Images
) -> None:
    settings = {"hidden": (32,), "keep": 0.25, "weight_average": average, "batch_size": 2}
    contender = trained(name, few, **settings)
    first, *_ = contender.synapses()
    kept = round(0.25 * 784 * 32)
    # Of 8-bit weights, some that are kept are rounded to 0.
    assert 0.9 * kept <= first.nonzero <= kept if name == "mlp-int8" else first.nonzero == kept
    assert first.pruned
    layer, *others = contender.account(few).operations.layers
    assert (layer.stored, layer.pruned) == (first.nonzero, True)
    assert not any(other.pruned for other in others)


@pytest.mark.parametrize("name", ["izhikevich-sparse", "izhikevich-gradient"])
def test_the_twin_of_a_pruned_network_is_pruned_as_much(name: str) -> None:
    kind = find(name)
    config: Any = kind.config_type(**SMALL[name])
    assert all("keep" not in twin.settings for twin in kind.twins(config))
    for twin in kind.twins(replace(config, keep=0.3)):
        assert twin.settings["keep"] == 0.3
        find(twin.contender).config_type(**twin.settings)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"keep": 0.0}, "above 0 and at most 1"),
        ({"keep": 0.5, "engine": "tensorflow"}, "only engine native prunes"),
        ({"keep": 0.5, "synapses": "columns"}, "which are not pruned"),
        ({"weight_average": 1.0}, "from 0 to below 1"),
        ({"weight_average": 0.9, "engine": "tensorflow"}, "only engine native averages"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        find("mlp").config_type(**settings)
