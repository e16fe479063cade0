"""The account of a network on a set of images: operations by layer, sparsity, anytime readings.

A spiking network's account is made from the spikes that each source sent, up to each reading:

    effective ACs of a layer = sum over sources of spikes sent x nonzero weights met, an image

Sources: J. Yik et al., "NeuroBench: a framework for benchmarking neuromorphic computing algorithms
and systems", 2023, for the definitions; docs/ledger.md says where ours are others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.ledger.operations import LayerOperations, Operations

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Sparsity:
    """Fractions of zeros.

    connection: among the places of all weight matrices; None where it is not told.
    activation: among hidden ReLUs, or among the neurons of a spiking network at every step.
    """

    connection: float | None
    activation: float


@dataclass(frozen=True)
class Footprint:
    """Bytes that an inference holds, zeros included.

    parameters_bytes: what learning changes.
    buffers_bytes: what it does not: statistics, delays, fixed weights, and the state of the
        neurons while one image is shown.
    """

    parameters_bytes: int
    buffers_bytes: int


@dataclass(frozen=True)
class Reading:
    """The answers that a network would give after so many steps, and what they have cost so far.

    steps: since an image is shown.
    accuracy: fraction of right answers by what is known then.
    effective_acs, membrane_updates: spent on an image by then, in the mean.
    """

    steps: int
    accuracy: float
    effective_acs: float
    membrane_updates: float


@dataclass(frozen=True)
class Account:
    """What a network did on images; ``anytime`` is empty for networks without time steps."""

    operations: Operations
    sparsity: Sparsity
    anytime: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Projection:
    """The synapses from one population on to another, as one matrix of weights.

    name: of the layer.
    met: [sources], nonzero weights that a spike of each source meets.
    places: of the matrix, zeros included.
    sent: [readings, sources], spikes of each source up to each reading, summed over images.
    """

    name: str
    met: Counts
    places: int
    sent: Counts

    @classmethod
    def of(cls, name: str, weights: NDArray[np.floating], sent: Counts) -> Projection:
        """That of ``weights`` [sources, targets]."""
        return cls(name, np.count_nonzero(weights, axis=1).astype(np.int64), weights.size, sent)

    def acs(self, n_images: int) -> NDArray[np.float64]:
        """[readings] additions up to each, a mean over images."""
        acs: NDArray[np.float64] = (self.sent @ self.met) / n_images
        return acs


def spiking_account(
    projections: Sequence[Projection],
    *,
    right: Counts,
    steps: Sequence[int],
    image_steps: Counts,
    neurons: int,
    spikes: int,
) -> Account:
    """The account of a spiking network.

    Args:
        projections: all layers, from the input on.
        right: [images, readings], 1 where the answer at a reading is right.
        steps: [readings], after which they are made.
        image_steps: [readings], steps done up to each reading, summed over images.
        neurons: updated in each step.
        spikes: of all of them, summed over images.
    """
    n = max(1, len(right))
    acs = [projection.acs(n) for projection in projections]
    done = [float(value) / n for value in image_steps]
    layers = [
        LayerOperations(p.name, p.places * done[-1], 0.0, float(a[-1]))
        for p, a in zip(projections, acs, strict=True)
    ]
    readings = tuple(
        Reading(steps[k], float(right[:, k].mean()), float(sum(a[k] for a in acs)),
                neurons * done[k])
        for k in range(len(steps))
    ) if len(right) else ()  # fmt: skip
    places = sum(projection.places for projection in projections)
    synapses = sum(int(projection.met.sum()) for projection in projections)
    return Account(
        Operations.of_layers(layers, neurons * done[-1]),
        Sparsity(1 - synapses / places, 1 - spikes / max(1, neurons * int(image_steps[-1]))),
        readings,
    )
