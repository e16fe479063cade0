"""What a network did while it answered images, and the synapses through which it did it.

A network is made of populations: its input, its hidden layers, its output. A population sends
*events* through its synapses: spikes, or the values other than 0 of a conventional network. A
``Recording`` holds how many events each neuron of each population sent by each reading, and what
the network would have answered by then. Everything that the ledger says about a network is derived
from its recording and its synapses (``ledger.account``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spikeoff.ledger.sparse_store import NONE, index_of

Counts = NDArray[np.int64]

INPUT = "input"
"""The population of the pixels."""


@dataclass(frozen=True)
class Recording:
    """What a network did on n images, with k readings on the way.

    events: by population, from the input on: [k, neurons] events sent between a reading and the
        one before, summed over images.
    scores: [n, k, classes] what speaks for each class by each reading; the highest is the answer.
    steps: [k] time steps from the start of an image to each reading.
    image_steps: [k] time steps done by each reading, summed over images; an image that was
        answered before a reading adds no more.
    hidden: the populations that count as hidden.
    updated: the populations whose neurons are updated at every step; none in a conventional
        network.
    graded: the populations whose events have values of their own, and cost a multiplication.
    dt: time step (ms).
    """

    events: Mapping[str, Counts]
    scores: NDArray[np.float32]
    steps: Counts
    image_steps: Counts
    hidden: tuple[str, ...]
    updated: tuple[str, ...] = ()
    graded: frozenset[str] = frozenset()
    dt: float = 1.0

    @property
    def answers(self) -> NDArray[np.int64]:
        """[n, k] the class answered by each reading."""
        answers: NDArray[np.int64] = self.scores.argmax(axis=2)
        return answers

    @classmethod
    def of_spikes(
        cls,
        spikes: Mapping[str, NDArray[Any]],
        scores: NDArray[np.floating],
        dt: float = 1.0,
        hidden: tuple[str, ...] | None = None,
    ) -> Self:
        """The recording of a spiking network with a reading after every step.

        Args:
            spikes: by population, from the input on: [n, steps, neurons], 1 where one fires.
            scores: [n, steps, classes].
            dt: time step (ms).
            hidden: populations that count as hidden; all but the first and the last by default.
        """
        n, n_steps = scores.shape[:2]
        names = tuple(spikes)
        events = {name: fired.sum(axis=0, dtype=np.int64) for name, fired in spikes.items()}
        steps = np.arange(1, n_steps + 1)
        hidden = names[1:-1] if hidden is None else hidden
        return cls(
            events, scores.astype(np.float32), steps, n * steps, hidden, names[1:], dt=dt
        )  # fmt: skip

    @classmethod
    def of_values(
        cls,
        values: Mapping[str, NDArray[Any]],
        scores: NDArray[np.floating],
    ) -> Self:
        """The recording of a conventional network, which answers in one step.

        Args:
            values: by population that sends values on, from the input on: [n, neurons].
            scores: [n, classes].
        """
        events = {k: np.count_nonzero(v, axis=0)[None].astype(np.int64) for k, v in values.items()}
        graded = frozenset(k for k, v in values.items() if not np.isin(v, (-1, 0, 1)).all())
        one = np.ones(1, np.int64)
        return cls(
            events, scores[:, None].astype(np.float32), one, len(scores) * one,
            tuple(values)[1:], graded=graded,
        )  # fmt: skip

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The recording of several sets of images with the same readings, one after another."""
        first, *_ = parts
        return cls(
            {name: sum(part.events[name] for part in parts) for name in first.events},  # type: ignore[misc]
            np.concatenate([part.scores for part in parts]),
            first.steps,
            np.sum([part.image_steps for part in parts], axis=0),
            first.hidden, first.updated,
            frozenset().union(*(part.graded for part in parts)), first.dt,
        )  # fmt: skip


@dataclass(frozen=True)
class Synapses:
    """The synapses that lead on from a population.

    name: of the layer that they lead to.
    source: the population whose events they carry.
    met: [neurons of the source] nonzero weights that one event of each meets.
    dense: products of an answer's step computed densely: every weight at every place it is used.
    places: weights held, zeros included; nonzero: those that are not 0.
    targets: neurons that they lead to; target: their population, by default the one recorded after
        the source where its size fits.
    stored: weights that exist; by default those that are not 0.
    biases: numbers that are added to targets, at every step in a spiking network; biased: targets
        that such a number is added to.
    learned: whether learning changes them.
    convolution: whether a weight is used at many places.
    fan_in, kernel: of a convolution, the weights that lead to one target and the places of a
        kernel; 0 elsewhere.
    pruned: whether an index must say where the weights are (``ledger.sparse_store``).
    """

    name: str
    source: str
    met: Counts
    dense: int
    places: int
    nonzero: int
    targets: int = 0
    target: str | None = None
    stored: int | None = None
    biases: int = 0
    biased: int = 0
    learned: bool = True
    convolution: bool = False
    fan_in: int = 0
    kernel: int = 0
    pruned: bool = False

    @property
    def existing(self) -> int:
        """Weights that exist."""
        return self.nonzero if self.stored is None else self.stored

    @property
    def index_bits(self) -> int:
        """Bits that say where the weights of a pruned matrix are."""
        found = index_of(len(self.met), self.targets, self.existing) if self.pruned else NONE
        return found.bits

    @classmethod
    def of(
        cls,
        name: str,
        source: str,
        weights: NDArray[np.floating],
        *,
        target: str | None = None,
        stored: int | None = None,
        biases: int = 0,
        learned: bool = True,
        pruned: bool = False,
    ) -> Self:
        """Those of a matrix of weights [sources, targets]."""
        met = np.count_nonzero(weights, axis=1).astype(np.int64)
        return cls(
            name, source, met, weights.size, weights.size, int(met.sum()), weights.shape[1],
            target, stored, biases, biases, learned, pruned=pruned,
        )  # fmt: skip
