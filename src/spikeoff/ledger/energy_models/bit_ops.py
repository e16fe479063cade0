"""``bit-ops``: bit operations of synapses alone (NS-ACE), for activations of equal information.

    spiking        ev b_w b_s                     b_s = 1
    conventional   M b_w b_a                      b_a = ceil(log2(T + 1)) of the spiking partner
    so a spiking network wins below b_a spikes per synapse

b_w is the same on both sides. It has no memory and no neurons: arithmetic in an ideal bit-serial
machine. Only the formula is used here; the tables of the article are not reproduced.

Source: G. Shen et al., "Are conventional SNNs really efficient? A perspective from network
quantization", CVPR 2024.
"""

from __future__ import annotations

from spikeoff.ledger.energy_models.base import EnergyModel, Network, Terms

WEIGHT_BITS = 8

PIXEL_BITS = 8
"""Of values that enter a spiking network in place of spikes."""


def energy(network: Network) -> Terms:
    """The bit operations of a network."""
    bits = PIXEL_BITS if network.spiking else network.activation_bits
    additions = network.operations - network.products
    return {"synapses": WEIGHT_BITS * (additions + bits * network.products)}


MODEL = EnergyModel(
    "bit-ops",
    energy,
    "Shen et al., CVPR 2024 (NS-ACE)",
    "bits of weight x bits of activation of every operation; no memory, no neurons",
    "only bit operations are counted",
    unit="bit operations",
)
