"""``lemaire``: arithmetic, addressing, message queues, parameters and potentials in on-chip memory.

Per layer, with m(x) the price of a 32-bit access to a memory of x bytes:

    spiking         operations  0.1 (ev + biases + theta_o) + 3.2 T N_o [LIF]
                    addresses   0.1 ev                             + 6.4 theta_i in a convolution
                    queues      (theta_i + theta_o) m(4000)
                    parameters  (ev + biases) m(4 parameters)
                    potentials  2 (ev + T N_o) m(4 N_o)
    conventional    operations  3.2 M + 0.1 biases
                    addresses   0.1 (N_i + N_o)                    + 0.1 C_o k^2 in a convolution
                    values      R_i m(4 N_i) + N_o m(4 N_o)
                    parameters  (M + biases) m(4 parameters)

R_i are the inputs read: those other than 0, each once; in a convolution, one per product. The
products of a convolution are those inside the image, as the ledger counts them; the article also
counts those with the zeros of a padding.

Other neurons than integrate-and-fire have no term in the article. Here they cost their own
arithmetic (multiplication 3.1, addition 0.1), and a read and a write of all their state.

Four variants are published; ``lemaire`` is that of SpikingJelly 2.0.0. ``corrected`` leaves out the
resets (theta_o). ``literal`` is equation 2 as printed, with a factor N_i too many: an erratum, kept
for the tests alone. ``lemaire-leat`` is the code of a co-author, with another memory.

Sources: E. Lemaire et al., "An analytical estimation of spiking neural networks energy efficiency",
ICONIP 2022, arXiv 2210.13107; SpikingJelly 2.0.0, ``op_counter/analytical_energy.py``; LEAT-EDGE,
qualia-plugin-snn, ``postprocessing/EnergyEstimationMetric.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from spikeoff.ledger.energy_models.base import EnergyModel, Layer, Network, NotAvailableError, Terms
from spikeoff.ledger.energy_models.horowitz import (
    INT32_ADD,
    INT32_MULTIPLY,
    MULTIPLICATIONS_PER_DIVISION,
    WORD,
    interpolated,
)

Variant = Literal["spikingjelly", "corrected", "literal", "leat"]

QUEUE = 1000
"""Messages that a queue holds, 32 bits each."""

LEAT_SLOPE, LEAT_FLOOR = 1.09e-5, 13.2
"""pJ per access and bit of the memory, and of the smallest memory."""

PUBLISHED_NEURONS = ("if", "lif")


def energy(network: Network, variant: Variant = "spikingjelly") -> Terms:
    """The terms of a network (pJ)."""
    word = _leat_word if variant == "leat" else _word
    layer_terms = _spiking if network.spiking else _conventional
    terms: dict[str, float] = {}
    for layer in network.layers:
        for part, value in layer_terms(network, layer, variant, word).items():
            terms[part] = terms.get(part, 0.0) + value
    if network.readout:
        mac = INT32_MULTIPLY + INT32_ADD + word(network.readout)
        terms["read-out"] = network.readout * mac
    return terms


def _word(words: float) -> float:
    """pJ per word of a memory that holds so many."""
    return interpolated(WORD * words)


def _leat_word(words: float) -> float:
    return LEAT_SLOPE * words * 8 * WORD + LEAT_FLOOR


def _spiking(
    network: Network, layer: Layer, variant: Variant, word: Callable[[float], float]
) -> dict[str, float]:
    if variant == "leat" and layer.convolution:
        raise NotAvailableError("its spiking convolutions are not implemented here")
    met, biases = layer.operations, network.steps * layer.biased
    added, resets = met + biases, layer.events_out
    if variant == "literal":
        added = layer.events_in * layer.sources * layer.targets + biases
    if variant in ("literal", "corrected"):
        resets = 0.0
    updates, arithmetic, words = _neurons(network, layer)
    addresses = INT32_ADD * met
    if variant == "leat":
        addresses = INT32_ADD * layer.events_in / layer.sources * layer.targets
    if layer.convolution:
        addresses += 2 * layer.events_in * (INT32_MULTIPLY + INT32_ADD)
    potentials = met * word(layer.targets) + updates * words * word(words * layer.targets)
    return {
        "synapses": INT32_ADD * (added + resets) + (INT32_MULTIPLY * met if layer.graded else 0.0),
        "neurons": updates * arithmetic,
        "addresses": addresses,
        "queues": (layer.events_in + layer.events_out) * word(QUEUE),
        "parameters": _parameters(layer, met, biases, variant, word),
        "potentials": 2 * potentials,
    }


def _neurons(network: Network, layer: Layer) -> tuple[float, float, int]:
    """Updates of a layer's targets, pJ of the arithmetic of one, and numbers of its state."""
    updates = network.steps * layer.neurons
    if network.neuron in PUBLISHED_NEURONS:
        return updates, INT32_MULTIPLY + INT32_ADD if network.neuron == "lif" else 0.0, 1
    cost = network.known_update()
    counts = cost.arithmetic
    products = counts.multiplications + MULTIPLICATIONS_PER_DIVISION * counts.divisions
    return updates, INT32_MULTIPLY * products + INT32_ADD * counts.additions, cost.words


def _conventional(
    network: Network, layer: Layer, variant: Variant, word: Callable[[float], float]
) -> dict[str, float]:
    del network
    done, read = layer.operations, layer.events_in
    addresses: float = layer.sources + layer.targets
    if layer.convolution:
        fan_in, kernel = layer.window()
        read = done
        addresses += layer.places / fan_in * kernel
    elif variant == "leat":
        addresses = done
    return {
        "synapses": (INT32_MULTIPLY + INT32_ADD) * done + INT32_ADD * layer.biased,
        "addresses": INT32_ADD * addresses,
        "values": read * word(layer.sources) + layer.targets * word(layer.targets),
        "parameters": _parameters(layer, done, layer.biased, variant, word),
    }


def _parameters(
    layer: Layer, met: float, biases: float, variant: Variant, word: Callable[[float], float]
) -> float:
    read, held = met + layer.index_words_read, layer.stored + layer.index_words
    if variant == "leat":  # biases have a memory of their own
        return read * word(held) + biases * word(layer.biases)
    return (read + biases) * word(held + layer.biases)


MODEL = EnergyModel(
    "lemaire",
    energy,
    "Lemaire et al., ICONIP 2022, as in SpikingJelly 2.0.0",
    "int32 operations, addresses, message queues, parameters and potentials in on-chip memory",
    "addresses, queues and potentials are charged",
)

LEAT = EnergyModel(
    "lemaire-leat",
    partial(energy, variant="leat"),
    "LEAT-EDGE, qualia-plugin-snn, by a co-author of Lemaire et al.",
    "as lemaire, with a memory whose price rises with its size without limit",
    "memory of any size is on the chip",
    counted=False,
)
