"""``spyx``: every weight streams from DRAM; energy is, in effect, a count of bits moved.

    b = ceil(log2(T + 1)), a = 0.05448
    spiking        ev (a + 20 b_w) + a (T H + theta_h) + 0.5 U b_state          b_w = b_state = 8
    conventional   M (3.7 (b/32)^2 + 0.9 b/32 + 20 b) + 2 a (H + N) + 0.25 b (C + H + N)

C, H and N are inputs, hidden and output neurons; theta_h are hidden spikes. The conventional
network has b bits in weights and activations, the spiking one 8-bit weights: break-even is at b / 8
spikes per synapse. ``spyx-8bit`` gives both 8-bit weights. Biases and the read-out are not charged.

Source: Spyx (kmheckel/spyx), ``research/new/honest_energy_accounting``, after Z. Yan et al.,
"Reconsidering the energy efficiency of spiking neural networks", arXiv 2409.08290v2.
"""

from __future__ import annotations

from spikeoff.ledger.energy_models.base import WORD_BITS, EnergyModel, Network, Terms

ACCUMULATE = 0.05448
DRAM_PER_BIT = 20.0
STATE_PER_BIT = 0.5
ACTIVATION_PER_BIT = 0.25
WEIGHT_BITS = STATE_BITS = 8


def energy(network: Network) -> Terms:
    """The terms of a network (pJ); a conventional one has its activations' bits in weights too."""
    return _spiking(network) if network.spiking else _quantised(network, network.activation_bits)


def energy_of_equal_weights(network: Network) -> Terms:
    """The same with 8-bit weights in both."""
    return _spiking(network) if network.spiking else _quantised(network, WEIGHT_BITS)


def _spiking(network: Network) -> Terms:
    hidden = [layer for layer in network.layers if not layer.output and layer.neurons]
    return {
        "synapses": ACCUMULATE * network.operations,
        "weights": DRAM_PER_BIT * WEIGHT_BITS * network.operations,
        "index": DRAM_PER_BIT * WORD_BITS * network.index_words_read,
        "neurons": ACCUMULATE
        * sum(network.steps * layer.neurons + layer.events_out for layer in hidden),
        "state": STATE_PER_BIT * STATE_BITS * network.updates,
    }


def _quantised(network: Network, weight_bits: int) -> Terms:
    bits = network.activation_bits
    neurons = sum(layer.targets for layer in network.layers)
    values = network.layers[0].sources + neurons
    product = 3.7 * weight_bits * bits / 32**2 + 0.9 * bits / 32
    return {
        "synapses": product * network.operations,
        "weights": DRAM_PER_BIT * weight_bits * network.operations,
        "index": DRAM_PER_BIT * WORD_BITS * network.index_words_read,
        "neurons": 2 * ACCUMULATE * neurons,
        "activations": ACTIVATION_PER_BIT * bits * values,
    }


MODEL = EnergyModel(
    "spyx",
    energy,
    "Spyx, honest_energy_accounting, after Yan et al., arXiv 2409.08290v2",
    "every weight from DRAM by the bit; conventional weights and activations have "
    "ceil(log2(T + 1)) bits, spiking weights 8",
    "all weights come from DRAM and the twin is quantised",
)

EQUAL_WEIGHTS = EnergyModel(
    "spyx-8bit",
    energy_of_equal_weights,
    "as spyx, with 8-bit weights in both networks (our variant)",
    "as spyx, with 8-bit weights in both networks",
    "all weights come from DRAM, 8 bits each",
    counted=False,
)
