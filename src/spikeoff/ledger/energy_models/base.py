"""What an energy model gets, a ``Network``, and what it is, an ``EnergyModel``.

All counts are means per image. The letters of docs/energy-models.md:

    N_i, N_o   sources, targets       P, S   places, stored
    theta_i    events_in              theta_o  events_out
    ev, M      operations: products or additions done
    M_d        dense: products done if no input is skipped
    T, U       steps, updates
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from spikeoff.ledger.sparse_store import NONE, Index, index_of
from spikeoff.neurons.arithmetic import Arithmetic
from spikeoff.neurons.cost import UpdateCost

WORD_BITS = 32

FREE = UpdateCost(Arithmetic(0, 0, 0), 0)

Terms = Mapping[str, float]
"""Energy by part, in the unit of the model (pJ for most); the total is the sum."""


class NotAvailableError(ValueError):
    """A model does not apply to a network; the text says why."""


@dataclass(frozen=True)
class Layer:
    """The synapses of one layer, and the neurons that they lead to.

    sources, targets: neurons on both sides.
    places: weights of the layer as a dense matrix (or of its kernels), zeros included.
    stored: weights that exist.
    events_in: spikes, or values other than 0, that enter it.
    events_out: spikes that its targets send.
    operations: stored weights met by events.
    dense: products of a network that skips no input, over all steps.
    biases: numbers that are added to targets, at every step in a spiking network.
    biased: targets that such a number is added to; in a convolution several share one.
    neurons: targets that are updated at every step, 0 where another layer counts them already.
    output: whether the targets are the outputs of the network.
    graded: whether events have values of their own, and cost a multiplication.
    convolution: whether a weight is used at many places.
    fan_in, kernel: of a convolution, the weights that lead to one target (C_in k^2) and the places
        of a kernel (k^2); 0 elsewhere, and in records of earlier versions.
    pruned: whether an index says where the weights are.
    """

    name: str
    sources: int
    targets: int
    places: int
    stored: int
    events_in: float
    events_out: float
    operations: float
    dense: float
    biases: int = 0
    biased: int = 0
    neurons: int = 0
    output: bool = False
    graded: bool = False
    convolution: bool = False
    fan_in: int = 0
    kernel: int = 0
    pruned: bool = False

    def window(self) -> tuple[int, int]:
        """Weights that lead to one target, and the places of a kernel; N_i and 1 without one.

        Raises:
            NotAvailableError: an earlier version wrote the record of a convolution without them.
        """
        if not self.convolution:
            return self.sources, 1
        if not self.kernel:
            raise NotAvailableError(
                "an earlier version wrote the record, without the sizes of kernels; run it again"
            )
        return self.fan_in, self.kernel

    @property
    def matrix(self) -> int:
        """Places between all sources and all targets."""
        return max(self.places, self.sources * self.targets)

    @property
    def uses(self) -> float:
        """Products of a place, if no input is skipped."""
        return self.dense / max(1, self.places)

    @property
    def index(self) -> Index:
        """Of a pruned matrix; it has no bits elsewhere."""
        return index_of(self.sources, self.targets, self.stored) if self.pruned else NONE

    @property
    def index_words(self) -> float:
        """32-bit words of the index."""
        return self.index.bits / WORD_BITS

    @property
    def index_words_read(self) -> float:
        """Those that an inference reads: those of the rows of its events."""
        index = self.index
        return (self.events_in * index.per_event + self.operations * index.per_weight) / WORD_BITS


@dataclass(frozen=True)
class Network:
    """What one network is, and what it did per image.

    spiking: whether its neurons are updated over time; else it answers in one step.
    steps: time steps per image; 1 in a conventional network.
    neuron: name of the neuron model, None in a conventional network.
    update: cost of one update; None in a conventional network and where it is not known.
    readout: products after the last layer, such as those of a learned vote; each has a weight.
    activation_bits: of a conventional network's values, for models that price bits.
    """

    layers: tuple[Layer, ...]
    spiking: bool
    steps: float = 1.0
    neuron: str | None = None
    update: UpdateCost | None = None
    readout: float = 0.0
    activation_bits: int = 32

    @property
    def neurons(self) -> int:
        """Neurons that are updated at every step."""
        return sum(layer.neurons for layer in self.layers)

    @property
    def updates(self) -> float:
        """Neuron updates (U = T x neurons)."""
        return self.steps * self.neurons

    @property
    def operations(self) -> float:
        """Products or additions (M, ev)."""
        return sum(layer.operations for layer in self.layers)

    @property
    def products(self) -> float:
        """Operations that multiply: in a spiking network, those of layers that no spikes enter."""
        return sum(layer.operations for layer in self.layers if layer.graded)

    @property
    def bias_additions(self) -> float:
        """Biases added; at every step in a spiking network."""
        return self.steps * sum(layer.biased for layer in self.layers)

    @property
    def index_words(self) -> float:
        """32-bit words that say where the weights of pruned layers are."""
        return sum(layer.index_words for layer in self.layers)

    @property
    def index_words_read(self) -> float:
        """Those of them that an inference reads, each as often as it is read."""
        return sum(layer.index_words_read for layer in self.layers)

    @property
    def stored(self) -> float:
        """Numbers that an inference reads: weights, biases, and those of the read-out."""
        return sum(layer.stored + layer.biases for layer in self.layers) + self.readout

    def known_update(self) -> UpdateCost:
        """The cost of an update, nothing where there are none.

        Raises:
            NotAvailableError: it is not known.
        """
        if not self.updates:
            return FREE
        if self.update is None:
            name = "its neurons" if self.neuron is None else f"neuron {self.neuron}"
            raise NotAvailableError(f"the cost of an update of {name} is not known")
        return self.update

    def as_dense_matrices(self) -> Network:
        """The same network with a number stored between every source and every target.

        A convolution has its kernels, which are dense already.
        """
        return replace(self, layers=tuple(
            replace(
                layer,
                stored=layer.places if layer.convolution else layer.matrix,
                places=layer.places if layer.convolution else layer.matrix,
                dense=layer.dense if layer.convolution else layer.uses * layer.matrix,
                pruned=False,
            )
            for layer in self.layers
        ))  # fmt: skip

    def without_skipping(self) -> Network:
        """A conventional network that computes with inputs of 0 too; a spiking one as it is.

        Weights that are not stored stay skipped.
        """
        if self.spiking:
            return self
        return replace(self, layers=tuple(
            replace(
                layer, events_in=layer.sources,
                operations=max(layer.operations, layer.uses * layer.stored),
            )
            for layer in self.layers
        ))  # fmt: skip


@dataclass(frozen=True)
class EnergyModel:
    """A published way to estimate the energy of one inference.

    name: short, as in tables.
    energy: prices a network.
    source: where it was published.
    charges: what it counts, in a sentence.
    assumption: the assumption that sets it apart, to follow "where": "all weights come from DRAM".
    unit: of its terms. Ratios need no unit.
    counted: whether it counts among the models that agree; a variant of another does not.
    one_sided: whether it prices spiking networks only, so that it gives no ratio.
    """

    name: str
    energy: Callable[[Network], Terms]
    source: str
    charges: str
    assumption: str
    unit: str = "pJ"
    counted: bool = True
    one_sided: bool = False

    def total(self, network: Network) -> float:
        """The sum of the terms.

        Raises:
            NotAvailableError: the model does not apply to this network.
        """
        return float(sum(self.energy(network).values()))
