"""The sparse spiking network: its operations by hand, its pruning, its flags."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from spikeoff.coding.levels import LEVELS
from spikeoff.contenders.gradient.sparse import IzhikevichSparse, IzhikevichSparseConfig
from spikeoff.contenders.gradient.spiking import IzhikevichGradient, IzhikevichGradientConfig
from spikeoff.data import Images
from spikeoff.errors import UserError


def made(**changes: Any) -> IzhikevichSparse:
    config = IzhikevichSparseConfig(**{"hidden": (24,), "batch_size": 16, **changes})
    return IzhikevichSparse(config)


def test_operations_follow_from_pixels_and_hidden_spikes(few: Images) -> None:
    contender = made()
    operations = contender.account(few).operations
    hidden_spikes = contender.record(few).events["hidden"].sum() / len(few)
    lit = (few.flat > LEVELS[-1]).sum() / len(few)
    first, second, steps = operations.layers
    assert first.effective_acs == pytest.approx(24 * lit, rel=1e-12)
    assert second.effective_acs == pytest.approx(10 * hidden_spikes, rel=1e-12)
    assert first.effective_macs == second.effective_macs == 0
    assert 0 < steps.effective_macs <= 8 * 10  # a product per step and class
    assert operations.membrane_updates == 24 * 8  # no output neurons


def test_a_constant_current_costs_one_product_per_lit_pixel(few: Images) -> None:
    layers = made(coding="direct").account(few).operations.layers
    lit = (few.flat > 0).sum() / len(few)
    assert layers[0].effective_macs == pytest.approx(24 * lit, rel=1e-12)
    assert layers[0].effective_acs == 0


def test_held_spikes_are_worth_the_same_current_at_every_later_step(few: Images) -> None:
    """A held current without a leak counts the spikes so far: cumsum, whatever the coding."""
    from spikeoff.neurons.synapse import synaptic_currents

    arriving = torch.randn(3, 8, 5, dtype=torch.float64)
    torch.testing.assert_close(synaptic_currents(arriving, 1.0), arriving.cumsum(1))
    assert synaptic_currents(arriving, 0.0) is arriving
    # exp(-t / tau) after a single spike.
    pulse = torch.zeros(1, 8, 1, dtype=torch.float64)
    pulse[0, 0] = 1
    expected = np.exp(-np.arange(8) / 4)
    np.testing.assert_allclose(synaptic_currents(pulse, np.exp(-1 / 4))[0, :, 0], expected)


@pytest.mark.parametrize("keep", [0.5, 0.1])
def test_pruning_ends_at_the_share_that_is_kept_and_costs_fewer_additions(
    keep: float, few: Images
) -> None:
    whole, pruned = (made(keep=share, epochs=10, batch_size=8) for share in (1.0, keep))
    for epoch in range(1, 11):
        for contender in (whole, pruned):
            list(contender.learn(few, epoch))
    matrix = pruned.state()["hidden"]
    assert np.count_nonzero(matrix) == round(keep * matrix.size)
    assert np.count_nonzero(whole.state()["hidden"]) == matrix.size
    additions = [one.account(few).operations.effective_acs for one in (whole, pruned)]
    assert additions[1] < additions[0]


def test_a_penalty_on_spikes_leaves_fewer(few: Images) -> None:
    spikes = []
    for penalty in (0.0, 0.02):
        contender = made(spike_penalty=penalty, epochs=10, dropout=0.0)
        for epoch in range(1, 11):
            list(contender.learn(few, epoch))
        spikes.append(contender.account(few).activity.hidden_per_example)
    assert spikes[1] < 0.8 * spikes[0]


def test_it_is_the_gradient_network_with_other_settings(few: Images) -> None:
    config = IzhikevichSparseConfig(hidden=(24,))
    same = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    same["output_gain"] = 1.0  # without effect here, and refused unless it is the default
    plain = IzhikevichGradient(IzhikevichGradientConfig(**same))
    sparse = IzhikevichSparse(config)
    for contender in (plain, sparse):
        list(contender.learn(few, 1))
    np.testing.assert_array_equal(plain.respond(few).scores, sparse.respond(few).scores)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"max_rate": 0.5}, "`coding` is threshold"),
        ({"coding": "rate", "levels": (200, 100)}, "`coding` is rate"),
        ({"tau_syn": 3.0}, "`synapse` is held"),
        ({"output_gain": 2.0}, "`readout` is linear"),
        ({"n_steps": 3}, "at most `n_steps`"),
        ({"readout": "spikes+potential", "neuron": "lif"}, "potential has no peak"),
        ({"keep": 0.0}, "above 0 and at most 1"),
        ({"spike_penalty": -1.0}, "0 or more"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        IzhikevichSparseConfig(**settings)
