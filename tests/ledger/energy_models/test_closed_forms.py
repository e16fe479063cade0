"""Every model against the formula of its module, on networks that have every part.

Prices and sums are written out here once more; the letters are those of docs/energy-models.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from spikeoff.ledger.energy_models import (
    bit_ops,
    counts,
    davidson_furber,
    int8,
    lemaire,
    loihi,
    neuromc,
    simple,
    smooth,
    spyx,
)
from spikeoff.ledger.energy_models.base import EnergyModel, Layer, Network, NotAvailableError
from tests.ledger.energy_models.made import convolution, dense_layer, spiking, spiking_layer

STEPS = 6


def spiking_network(neuron: str) -> Network:
    """Values enter a pruned layer; spikes, a convolution and the output; a vote is read out."""
    first = spiking_layer(
        300, 200, 90.0, 450.0, graded=True, pruned=True, stored=9_000, operations=2_700.0
    )  # fmt: skip
    second = spiking_layer(
        200, 72, 450.0, 130.0, places=216, stored=200, operations=3_300.0, biases=8,
        convolution=True, fan_in=27, kernel=9,
    )  # fmt: skip
    last = spiking_layer(72, 10, 130.0, 21.0, bias=False, output=True)
    return spiking(neuron, first, second, last, steps=STEPS, readout=70.0)


def conventional_network() -> Network:
    """A convolution, a pruned layer with a bitmap, and one with columns."""
    into = convolution(3, 8, 12, 5, bias=True)
    hidden = dense_layer(
        into.targets, 50, bias=True, pruned=True, stored=12_000, events_in=300.0,
        operations=5_500.0,
    )  # fmt: skip
    last = dense_layer(50, 10, pruned=True, stored=40, events_in=21.0, operations=17.0)
    return Network((into, hidden, last), False, readout=30.0, activation_bits=5)


NETWORKS = {
    "lif": spiking_network("lif"),
    "izhikevich": spiking_network("izhikevich"),
    "conductance-lif": spiking_network("conductance-lif"),
    "no updates": Network(
        tuple(replace(one, neurons=0, events_out=0.0) for one in spiking_network("lif").layers),
        True,
        STEPS,
        "mine",
    ),
    "no convolution": replace(spiking_network("lif"), layers=spiking_network("lif").layers[::2]),
    "conventional": conventional_network(),
}


def total(network: Network, of: Callable[[Layer], float]) -> float:
    return float(sum(map(of, network.layers)))


def index(layer: Layer) -> tuple[float, float]:
    """Words of the index, and words that are read (docs: the store of a pruned matrix)."""
    if not layer.pruned:
        return 0.0, 0.0
    p = math.ceil(math.log2(layer.stored + 1))
    c = math.ceil(math.log2(layer.targets))
    in_columns = layer.stored * c < layer.sources * layer.targets
    form = layer.stored * c if in_columns else layer.sources * layer.targets
    row = layer.operations * c if in_columns else layer.events_in * layer.targets
    return ((layer.sources + 1) * p + form) / 32, (layer.events_in * 2 * p + row) / 32


class Counts:
    """The sums that most formulas are made of; R and X are words of the index, read and held."""

    def __init__(self, network: Network) -> None:
        self.T = network.steps
        self.ev = total(network, lambda layer: layer.operations)
        self.M = total(network, lambda layer: layer.operations * layer.graded)
        self.U = self.T * total(network, lambda layer: layer.neurons)
        self.b = self.T * total(network, lambda layer: layer.biased)
        self.r = network.readout
        self.R = total(network, lambda layer: index(layer)[1])
        self.X = total(network, lambda layer: index(layer)[0])
        self.held = total(network, lambda layer: layer.stored + layer.biases) + self.r
        self.mul, self.add, self.div, self.words = update(network)


def update(network: Network) -> tuple[int, int, int, int]:
    if network.update is None:
        return 0, 0, 0, 0
    arithmetic, words = network.update.arithmetic, network.update.words
    return arithmetic.multiplications, arithmetic.additions, arithmetic.divisions, words


def stepped(held_bytes: float) -> float:
    sizes = (8192, 32768, 1048576)
    return (5.0, 10.0, 50.0, 650.0)[int(np.searchsorted(sizes, held_bytes))]


def gradual(held_bytes: float) -> float:
    return float(np.interp(held_bytes, (0, 8192, 32768, 1048576), (0, 10, 20, 100)))


def by_table(network: Network, price: Callable[[float], float], state: float) -> float:
    n = Counts(network)
    arithmetic = 4.6 * n.M + 0.9 * (n.ev - n.M) + 0.9 * n.b + 4.6 * n.r
    neurons = n.U * (3.7 * n.mul + 0.9 * n.add + 14.8 * n.div)
    words = (n.ev + n.b + n.r + n.R) * price(4 * (n.held + n.X))
    return arithmetic + neurons + words + 2 * n.U * n.words * state


def by_counts(network: Network) -> float:
    return by_table(network, stepped, 5.0)


def by_smooth(network: Network) -> float:
    n = Counts(network)
    return by_table(network, gradual, gradual(4 * n.words * n.U / n.T))


def by_simple(network: Network) -> float:
    n = Counts(network)
    neuron, words = 3.7 * (n.mul + 4 * n.div) + 0.9 * n.add, n.words
    if network.neuron == "lif":
        neuron, words = 0.9 * 5, 1
    moved = n.ev + n.b + n.r + n.R + 2 * words * n.U
    arithmetic = 4.6 * n.M + 0.9 * (n.ev - n.M) + 0.9 * n.b + 4.6 * n.r
    return arithmetic + n.U * neuron + 24.96 * 4 * moved


def by_lemaire(network: Network, *, leat: bool = False) -> float:
    n = Counts(network)

    def m(words: float) -> float:
        return 1.09e-5 * 32 * words + 13.2 if leat else gradual(4 * words)

    neuron, words = 3.1 * (n.mul + 4 * n.div) + 0.1 * n.add, n.words
    if network.neuron == "lif":
        neuron, words = 3.2, 1

    def layer(one: Layer) -> float:
        ev, biases, (held, read) = one.operations, network.steps * one.biased, index(one)
        if leat:
            parameters = (ev + read) * m(one.stored + held) + biases * m(one.biases)
        else:
            parameters = (ev + biases + read) * m(one.stored + held + one.biases)
        addresses: float
        if not network.spiking:
            addresses, inputs = ev if leat else one.sources + one.targets, one.events_in
            if one.convolution:
                addresses = one.sources + one.targets + one.places / one.fan_in * one.kernel
                inputs = ev
            values = inputs * m(one.sources) + one.targets * m(one.targets)
            return 3.2 * ev + 0.1 * biases + 0.1 * addresses + values + parameters
        updates = network.steps * one.neurons
        operations = 0.1 * (ev + biases + one.events_out) + 3.1 * ev * one.graded
        met = one.events_in / one.sources * one.targets if leat else ev
        addresses = 0.1 * met + 6.4 * one.events_in * one.convolution
        queues = (one.events_in + one.events_out) * m(1000)
        potentials = 2 * (ev * m(one.targets) + updates * words * m(words * one.targets))
        return operations + updates * neuron + addresses + queues + parameters + potentials

    return total(network, layer) + n.r * (3.2 + m(n.r))


def by_davidson_furber(network: Network) -> float:
    n = Counts(network)
    return 0.06 * (7 * (n.ev - n.M) + 12 * n.M)


def by_bit_ops(network: Network) -> float:
    n, bits = Counts(network), 8 if network.spiking else 5
    return 8 * (n.ev - n.M + bits * n.M)


def by_spyx(network: Network, weight_bits: int = 5) -> float:
    n, a, bits = Counts(network), 0.05448, 5
    if network.spiking:
        *hidden, _ = network.layers
        sent = sum(n.T * one.neurons + one.events_out for one in hidden)
        return n.ev * (a + 20 * 8) + 20 * 32 * n.R + a * sent + 0.5 * 8 * n.U
    outputs = total(network, lambda layer: layer.targets)
    values = 0.25 * bits * (network.layers[0].sources + outputs)
    product = 3.7 * weight_bits * bits / 32**2 + 0.9 * bits / 32 + 20 * weight_bits
    return n.ev * product + 20 * 32 * n.R + 2 * a * outputs + values


def by_int8(network: Network) -> float:
    n, bits = Counts(network), 8 if network.spiking else 5
    byte = stepped(n.held + 4 * n.X) / 4
    arithmetic = 0.1 * n.ev + 0.2 * bits / 8 * n.M + 0.1 * n.b + 0.3 * n.r
    neurons = n.U * (3.1 * (n.mul + 4 * n.div) + 0.1 * n.add)
    return arithmetic + neurons + byte * (n.ev + n.b + n.r + 4 * n.R) + 2 * n.U * n.words * 5.0


def by_neuromc(network: Network) -> float:
    c_1, c_16 = 0.01802 / 7.1, 0.28832 / 7.1
    c_mac, c_in, s_in = (0.58225, c_1, 0.44854798) if network.spiking else (1.36, c_16, 5.302477904)

    def layer(one: Layer) -> float:
        O = network.steps * one.targets  # noqa: E741 (as in the documentation)
        if one.convolution:
            m, w = one.fan_in * O, one.places
            R = math.ceil(one.fan_in / one.kernel / 16) * one.kernel
        else:
            m, w, R = one.sources * O, one.sources * one.targets, math.ceil(one.sources / 16)
        P = O * (R - 1)
        moved = 2 * m * c_in + 2 * w * c_16 + 5.302477904 * w + (3 * m - O + P) * c_16
        return m * c_mac + moved + O * R * s_in + 5.792676768 * (P + O * R)

    return total(network, layer) + 26.24865 * Counts(network).U


def by_loihi(network: Network) -> float:
    n = Counts(network)
    return 23.6 * n.ev + 81 * n.U


FORMULAS: Iterable[tuple[EnergyModel, Callable[[Network], float]]] = [
    (counts.MODEL, by_counts),
    (smooth.MODEL, by_smooth),
    (simple.MODEL, by_simple),
    (lemaire.MODEL, by_lemaire),
    (lemaire.LEAT, partial(by_lemaire, leat=True)),
    (davidson_furber.MODEL, by_davidson_furber),
    (bit_ops.MODEL, by_bit_ops),
    (spyx.MODEL, by_spyx),
    (spyx.EQUAL_WEIGHTS, partial(by_spyx, weight_bits=8)),
    (int8.MODEL, by_int8),
    (neuromc.MODEL, by_neuromc),
    (loihi.MODEL, by_loihi),
]


@pytest.mark.parametrize(
    ("model", "formula"), [pytest.param(*pair, id=pair[0].name) for pair in FORMULAS]
)
@pytest.mark.parametrize("which", NETWORKS)
def test_a_network_costs_what_the_formula_says(
    model: EnergyModel, formula: Callable[[Network], float], which: str
) -> None:
    try:
        found = model.total(NETWORKS[which])
    except NotAvailableError as error:
        pytest.skip(str(error))
    assert found == pytest.approx(formula(NETWORKS[which]), rel=1e-12)
