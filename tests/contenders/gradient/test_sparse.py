"""The sparse spiking network: its operations by hand, its pruning, its flags."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from spikeoff.coding.levels import LEVELS
from spikeoff.contenders.gradient.connection import connection_mask
from spikeoff.contenders.gradient.sparse import IzhikevichSparse, IzhikevichSparseConfig
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.contenders.registry import find
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


COLUMNS: dict[str, Any] = {"hidden": (72,), "synapses": "columns", "columns": 3, "field": 12}


def mask_of(contender: IzhikevichSparse) -> Any:
    mask = connection_mask(contender.config, contender.spec)
    assert mask is not None
    return mask


def test_columns_are_the_synapses_of_the_stdp_network_and_stay_so(few: Images) -> None:
    kind: Any = find("izhikevich-stdp")
    stdp = kind(kind.config_type(n_hidden=72, columns=3, field=12))
    contender = made(**COLUMNS)
    before = contender.state()["hidden"]
    assert ((before != 0) == mask_of(contender)).all()
    assert ((before != 0) == (stdp.state()["hidden"] != 0)).all()
    list(contender.learn(few, 1))
    after = contender.state()["hidden"]
    assert (after[mask_of(contender)] != before[mask_of(contender)]).any()
    assert not after[~mask_of(contender)].any()


def test_each_neuron_in_columns_starts_with_as_large_a_current() -> None:
    contender = made(hidden=(5120,), synapses="columns")
    weights, fan_in = contender.state()["hidden"], mask_of(contender).sum(axis=0)
    assert len(set(fan_in)) > 1
    for n in set(fan_in):
        current = (weights[:, fan_in == n].astype(np.float64) ** 2).sum(axis=0).mean()
        assert current == pytest.approx(784 * contender.config.hidden_scale**2, rel=0.05)


def test_the_ledger_of_columns_counts_the_synapses_that_exist(few: Images) -> None:
    contender = made(hidden=(512,), synapses="columns")
    n = 43_808
    first, last, steps = contender.synapses()
    assert (first.dense, first.places, first.nonzero) == (n, n, n)
    assert (last.dense, steps.places) == (5120, 8)
    assert contender.parameter_count() == n + 512 + 5120 + 8
    assert contender.footprint().parameters_bytes == 4 * (n + 512 + 5120 + 8)
    lit = (few.flat > LEVELS[-1]) @ mask_of(contender).astype(np.int64)
    operations = contender.account(few).operations
    assert operations.layers[0].effective_acs == pytest.approx(lit.sum() / len(few), rel=1e-12)


def test_the_twin_of_columns_has_columns() -> None:
    for twin in IzhikevichSparse.twins(IzhikevichSparseConfig(**COLUMNS)):
        theirs: Any = find(twin.contender).config_type(**twin.settings)
        assert theirs.hidden == (72,)
        assert (theirs.mask() == mask_of(made(**COLUMNS))).all()
    assert all("synapses" not in twin.settings
               for twin in IzhikevichSparse.twins(IzhikevichSparseConfig()))  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({**COLUMNS, "keep": 0.5}, "which are not pruned"),
        ({"field": 9}, "`synapses` is dense"),
        ({**COLUMNS, "columns": 5}, "must leave 2 or more neurons"),
    ],
)
def test_what_columns_cannot_be_is_refused(settings: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        made(**settings)


def test_the_engines_agree_on_columns(few: Images) -> None:
    native, torch_ = (made(**COLUMNS, dropout=0.0, engine=engine) for engine in ("native", "torch"))
    torch_.restore(native.state())
    np.testing.assert_allclose(native.respond(few).scores, torch_.respond(few).scores, rtol=1e-4)
    list(torch_.learn(few, 1))
    assert not torch_.state()["hidden"][~mask_of(torch_)].any()
