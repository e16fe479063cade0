"""Operations an inference, counted from what a network did.

Definitions as in NeuroBench: a synaptic operation is a weight met by an input. Dense counts meet
every weight at every step; effective ones only nonzero weights met by nonzero inputs. Inputs
that are all -1, 0 or 1 cost an accumulate (AC), others a multiply-accumulate (MAC). Biases,
normalisation, pooling and what neurons compute are none; neurons count as membrane updates.

Source: J. Yik et al., "NeuroBench: a framework for benchmarking neuromorphic computing algorithms
and systems", 2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DENSE_TRAINING_FACTOR = 3
"""Training meets each weight three times: forward, gradient by input, gradient by weight."""

FLOPS_PER_MAC = 2


@dataclass(frozen=True)
class LayerOperations:
    """The synaptic operations of one layer, means an inference; fields as in ``Operations``."""

    name: str
    dense_macs: float
    effective_macs: float
    effective_acs: float


@dataclass(frozen=True)
class Operations:
    """Means an inference (one image, all its steps).

    dense_macs: every weight at every step, whatever the input.
    effective_macs: nonzero weights met by nonzero inputs of any value.
    effective_acs: nonzero weights met by spikes.
    membrane_updates: neurons times steps.
    layers: the first three by layer, from the input on; empty where they are not told apart.
    """

    dense_macs: float
    effective_macs: float
    effective_acs: float
    membrane_updates: float
    layers: tuple[LayerOperations, ...] = ()

    @classmethod
    def of_layers(
        cls, layers: Sequence[LayerOperations], membrane_updates: float = 0.0
    ) -> Operations:
        """The sums over layers."""
        return cls(
            sum(layer.dense_macs for layer in layers),
            sum(layer.effective_macs for layer in layers),
            sum(layer.effective_acs for layer in layers),
            membrane_updates,
            tuple(layers),
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
