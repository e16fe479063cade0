"""Operations an inference, counted from what a network did.

Definitions as in NeuroBench: a synaptic operation is a weight met by an input. Dense counts meet
every weight at every step; effective ones only nonzero weights met by nonzero inputs. Inputs
that are all -1, 0 or 1 cost an accumulate (AC), others a multiply-accumulate (MAC). Biases,
normalisation, pooling and what neurons compute are none; neurons count as membrane updates.

Source: J. Yik et al., "NeuroBench: a framework for benchmarking neuromorphic computing algorithms
and systems", 2023.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DENSE_TRAINING_FACTOR = 3
"""Training meets each weight three times: forward, gradient by input, gradient by weight."""

FLOPS_PER_MAC = 2


@dataclass(frozen=True)
class LayerOperations:
    """One layer and its synaptic operations, means per inference; energy models read it.

    dense_macs, effective_macs, effective_acs: as in ``Operations``.
    source: the population that it starts from.
    sources, targets: neurons on both sides.
    places: weights held, zeros included; stored: those that exist.
    events_in: spikes, or values other than 0, that the sources send.
    events_out: the same of the targets; 0 where they are not recorded, or another layer leads to
        them too and has counted them.
    biases: numbers added to targets, at every step in a spiking network; biased: targets that such
        a number is added to (in a convolution, several share one).
    neurons: targets that are updated at every step and that no earlier layer has counted.
    output: whether the layer leads to the outputs.
    convolution: whether a weight is used at many places.
    fan_in, kernel: of a convolution, the weights that lead to one target and the places of a
        kernel; 0 elsewhere.
    pruned: whether an index says where the weights are.
    """

    name: str
    dense_macs: float
    effective_macs: float
    effective_acs: float
    source: str = ""
    sources: int = 0
    targets: int = 0
    places: int = 0
    stored: int = 0
    events_in: float = 0.0
    events_out: float = 0.0
    biases: int = 0
    biased: int = 0
    neurons: int = 0
    output: bool = False
    convolution: bool = False
    fan_in: int = 0
    kernel: int = 0
    pruned: bool = False


@dataclass(frozen=True)
class Operations:
    """Means an inference (one image, all its steps).

    dense_macs: every weight at every step, whatever the input.
    effective_macs: nonzero weights met by nonzero inputs of any value.
    effective_acs: nonzero weights met by spikes.
    membrane_updates: neurons times steps.
    layers: the first three by layer, from the input on; empty where they are not told apart.
    steps: time steps; 1 in a conventional network.
    widths: neurons of the input, of each hidden population, and classes: the topology.
    events: spikes, or values other than 0, by population.
    readout: products after the last layer, such as those of a learned vote.
    """

    dense_macs: float
    effective_macs: float
    effective_acs: float
    membrane_updates: float
    layers: tuple[LayerOperations, ...] = ()
    steps: float = 1.0
    widths: tuple[int, ...] = ()
    events: Mapping[str, float] = field(default_factory=dict)
    readout: float = 0.0

    @classmethod
    def of_layers(
        cls, layers: Sequence[LayerOperations], membrane_updates: float, **further: Any
    ) -> Operations:
        """The sums over layers; ``further`` are other fields."""
        return cls(
            sum(layer.dense_macs for layer in layers),
            sum(layer.effective_macs for layer in layers),
            sum(layer.effective_acs for layer in layers),
            membrane_updates,
            tuple(layers),
            **further,
        )

    def training_flops(self, n_examples: int) -> float:
        """Floating-point operations of learning from ``n_examples``, as dense products."""
        return DENSE_TRAINING_FACTOR * FLOPS_PER_MAC * self.dense_macs * n_examples


@dataclass(frozen=True)
class Activity:
    """How busy the network was, means an example.

    input_per_example: input spikes; for conventional networks nonzero pixels.
    hidden_per_example: hidden spikes; for conventional networks active ReLUs.
    hidden_rate: the same a hidden neuron and step, in [0, 1].
    """

    input_per_example: float
    hidden_per_example: float
    hidden_rate: float
