"""What holds for every model and every network."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeoff.ledger.energy_models.base import Layer, Network
from spikeoff.ledger.energy_models.horowitz import interpolated
from spikeoff.ledger.energy_models.registry import models
from tests.ledger.energy_models.made import (
    conventional,
    convolution,
    dense_layer,
    spiking,
    spiking_layer,
)

MODELS = [pytest.param(model, id=model.name) for model in models()]
TWO_SIDED = [pytest.param(model, id=model.name) for model in models() if not model.one_sided]

sizes = st.integers(1, 2000)
shares = st.floats(0, 1)
some_networks = settings(max_examples=30)
"""For each of a dozen models."""

neurons = st.sampled_from(["izhikevich", "lif", "conductance-lif"])


def snn(n: int, m: int, rate: float, stored: float, neuron: str, steps: int = 20) -> Network:
    """n-m-10 with so many spikes per neuron and step, and this share of the weights."""
    met = steps * rate * stored
    first = spiking_layer(n, m, steps * rate * n, steps * rate * m, stored=int(stored * n * m),
                          operations=met * n * m)  # fmt: skip
    last = spiking_layer(m, 10, steps * rate * m, steps * rate * 10, output=True,
                         operations=steps * rate * m * 10)  # fmt: skip
    return spiking(neuron, first, last, steps=steps)


def ann(n: int, m: int, active: float, stored: float) -> Network:
    """n-m-10 with this share of active inputs and of weights."""
    layers = [
        dense_layer(a, b, events_in=active * a, stored=int(stored * a * b),
                    operations=active * int(stored * a * b))
        for a, b in ((n, m), (m, 10))
    ]  # fmt: skip
    return conventional(*layers, bits=5)


def close_or_below(low: float, high: float) -> bool:
    return low <= high * (1 + 1e-12) + 1e-12


@pytest.mark.parametrize("model", MODELS)
@some_networks
@given(n=sizes, m=sizes, rates=st.tuples(shares, shares), stored=shares, neuron=neurons)
def test_more_spikes_never_cost_less(model, n, m, rates, stored, neuron) -> None:  # type: ignore[no-untyped-def]
    few, many = (model.total(snn(n, m, rate, stored, neuron)) for rate in sorted(rates))
    assert few >= 0
    assert close_or_below(few, many)


@pytest.mark.parametrize("model", MODELS)
@some_networks
@given(n=sizes, m=sizes, rate=shares, stored=shares, neuron=neurons)
def test_stored_weights_never_cost_more_than_a_dense_matrix(  # type: ignore[no-untyped-def]
    model, n, m, rate, stored, neuron
) -> None:
    network = snn(n, m, rate, stored, neuron)
    assert close_or_below(model.total(network), model.total(network.as_dense_matrices()))


@pytest.mark.parametrize("model", TWO_SIDED)
@some_networks
@given(n=sizes, m=sizes, active=shares, stored=shares)
def test_skipping_zeros_never_costs_more(model, n, m, active, stored) -> None:  # type: ignore[no-untyped-def]
    network = ann(n, m, active, stored)
    dense = network.without_skipping()
    assert close_or_below(model.total(network), model.total(dense))
    assert close_or_below(model.total(dense), model.total(dense.as_dense_matrices()))
    assert dense.without_skipping() == dense


@pytest.mark.parametrize("model", TWO_SIDED)
@pytest.mark.parametrize("active", [0.0, 0.2, 1.0])
def test_convolutions_are_priced_and_cost_no_less_without_skipping(model, active) -> None:  # type: ignore[no-untyped-def]
    whole = convolution(3, 8, 12, 5, bias=True)
    layer = replace(whole, events_in=active * whole.sources, operations=active * whole.operations)
    network = conventional(layer, dense_layer(whole.targets, 10), bits=5)
    assert model.total(network) > 0
    assert close_or_below(model.total(network), model.total(network.without_skipping()))


@pytest.mark.parametrize("model", [one for one in TWO_SIDED if one.id != "neuromc"])
def test_without_spikes_and_updates_the_ratio_tends_to_nothing(model) -> None:  # type: ignore[no-untyped-def]
    silent = snn(100, 50, 1e-9, 1.0, "lif")
    still = [replace(layer, neurons=0, biased=0) for layer in silent.layers]
    twin = model.total(ann(100, 50, 0.2, 1.0))
    assert model.total(replace(silent, layers=tuple(still))) / twin < 1e-6


@given(st.floats(0, 2**22), st.floats(0, 1))
def test_the_interpolated_memory_has_no_step(held: float, further: float) -> None:
    here, there = interpolated(held), interpolated(held + further)
    assert 0 <= here <= there <= here + 0.002 <= 100.002


def test_what_a_network_does_not_name_it_does_not_have() -> None:
    layer = Layer("a", 3, 4, 12, 12, 2.0, 1.0, 8.0, 12.0)
    assert not any(astuple(layer)[9:])
    network = Network((layer,), False)
    assert (network.steps, network.activation_bits) == (1, 32)  # conventional, unquantised
    assert not any((network.neuron, network.update, network.readout))


def test_a_place_at_the_edge_of_a_convolution_is_used_less_often() -> None:
    """3 x 3 inputs under a 3 x 3 kernel, padded: 49 of 81 products lie within."""
    layer = Layer("a", 9, 9, 9, 9, 9.0, 9.0, 49.0, 49.0, convolution=True, fan_in=9, kernel=9)
    assert layer.uses * layer.places == pytest.approx(49)


@pytest.mark.parametrize("steps", [1, 7])
def test_biases_are_added_at_every_step_and_products_have_a_weight(steps: int) -> None:
    layer = Layer("a", 3, 4, 12, 12, 2.0, 0.0, 8.0, 12.0 * steps, biases=4, biased=4, neurons=4)
    network = Network((layer,), True, steps, "lif", readout=40.0)
    assert network.bias_additions == 4 * steps
    assert network.updates == 4 * steps
    assert network.stored == 12 + 4 + 40
