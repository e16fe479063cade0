"""``neuromc``: a dense systolic accelerator that computes every synapse at every step.

    O = T N_o, m = N_i O, R = ceil(N_i / 16), P = O (R - 1), w = N_i N_o
    convolution: m = C_i k^2 O, R = ceil(C_i / 16) k^2, w = C_i k^2 C_o
    c1 = 0.01802 / 7.1, c16 = 0.28832 / 7.1
    E = m c_mac + 2 m c_in + 2 w c16 + 5.302477904 w + (3 m - O + P) c16 + O R s_in
        + 5.792676768 (P + O R)
    spikes   c_mac 0.58225, c_in c1, s_in 0.44854798, and 26.24865 per neuron update
    values   c_mac 1.36, c_in c16, s_in 5.302477904, T = 1

Weights are loaded once per image, every synapse is computed at every step. It is blind to sparsity
of any kind, and computes with the zeros of a padding: an upper bound. It equals SpikingJelly's
release, which departs from its authors' own tables by up to 24 %. Batch normalisation counts as
folded into the weights; the release prices it apart.

Source: SpikingJelly 2.0.0, ``activation_based/op_counter/neuromc`` (author code 712c66f).
"""

from __future__ import annotations

import math

from spikeoff.ledger.energy_models.base import EnergyModel, Layer, Network, Terms

ROWS = 16
BIT_BUFFER, WORD_BUFFER = 0.01802 / 7.1, 0.28832 / 7.1
WEIGHT_LOAD, PARTIAL_SUM = 5.302477904, 5.792676768
UPDATE = 26.24865

SPIKES = (0.58225, BIT_BUFFER, 0.44854798)
VALUES = (1.36, WORD_BUFFER, 5.302477904)


def energy(network: Network) -> Terms:
    """The terms of a network (pJ)."""
    steps = network.steps if network.spiking else 1.0
    parts = [_layer(layer, steps, network.spiking) for layer in network.layers]
    return {
        "synapses": sum(mac for mac, _ in parts),
        "memory": sum(moved for _, moved in parts),
        "neurons": UPDATE * network.updates,
    }


def _layer(layer: Layer, steps: float, spiking: bool) -> tuple[float, float]:
    mac, into, buffered = SPIKES if spiking else VALUES
    outputs = steps * layer.targets
    fan_in, kernel = layer.window()
    products = fan_in * outputs
    weights = layer.places if layer.convolution else layer.sources * layer.targets
    rows = math.ceil(fan_in // kernel / ROWS) * kernel
    partial = outputs * (rows - 1)
    moved = (
        2 * products * into
        + 2 * weights * WORD_BUFFER
        + WEIGHT_LOAD * weights
        + (3 * products - outputs + partial) * WORD_BUFFER
        + outputs * rows * buffered
        + PARTIAL_SUM * (partial + outputs * rows)
    )
    return products * mac, moved


MODEL = EnergyModel(
    "neuromc",
    energy,
    "SpikingJelly 2.0.0, neuromc",
    "every synapse at every step on a dense accelerator, zeros and silent neurons included",
    "every synapse is charged at every step",
)
