"""Responses on the way: what neurons are labelled by until training is over."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.base import State
from spikeoff.contenders.diehl_cook.readout import Readout, read
from spikeoff.data import MNIST

RUNNING = "running_"
"""How names in a snapshot begin."""

PARTS = ("counts", "neurons", "spikes")
"""Arrays of a chunk beside its labels."""

LABELLING = 20_000
"""Running responses that neurons are labelled by until training is over."""


CURVE, CURVE_LABELS = 1_000, 2_000
"""Images between two points of the learning curve, and responses before them that label neurons."""


@dataclass(frozen=True)
class _Chunk:
    """Responses to n images, without the many neurons that did not fire.

    labels: [n] uint8.
    counts: [n] int32, how many neurons fired for each image.
    neurons, spikes: [counts.sum()] int32, who, and how often.
    """

    labels: NDArray[np.uint8]
    counts: NDArray[np.int32]
    neurons: NDArray[np.int32]
    spikes: NDArray[np.int32]

    def dense(self, width: int) -> NDArray[np.int32]:
        """[n, width] int32."""
        responses = np.zeros((len(self.labels), width), np.int32)
        responses[np.repeat(np.arange(len(self.labels)), self.counts), self.neurons] = self.spikes
        return responses


class Running:
    """The last responses, and the accuracy that labels made from them would have had.

    An interval's images are classified with the labels of the interval before, as in the published
    code; the second half of the first by its first half. ``curve`` has such accuracies more often,
    each with the number of images so far.
    """

    def __init__(self, width: int, interval: int, n_classes: int = MNIST.n_classes) -> None:
        """``width`` neurons answer; accuracies are of ``interval`` images."""
        self._n_classes = n_classes
        self._width, self._room = width, max(LABELLING, interval)
        self._chunks: deque[_Chunk] = deque()
        self._held = 0
        self._since = 0
        self._readout: Readout | None = None
        self.accuracies: list[tuple[int, float]] = []
        self.curve: list[tuple[int, float]] = []
        self._seen = self._uncurved = 0

    def add(self, responses: NDArray[np.int32], labels: NDArray[np.uint8]) -> None:
        """More images were learned from."""
        rows, neurons = np.nonzero(responses)
        counts = np.bincount(rows, minlength=len(labels)).astype(np.int32)
        spikes = responses[rows, neurons]
        self._append(_Chunk(labels.copy(), counts, neurons.astype(np.int32), spikes))
        self._since += len(labels)
        self._seen += len(labels)
        self._uncurved += len(labels)
        if self._uncurved >= CURVE:
            self._extend_curve()

    def last(self, count: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """The last responses [n, width] and their labels, as far back as they are kept."""
        count = min(count, self._room)
        taken: list[_Chunk] = []
        found = 0
        for chunk in reversed(self._chunks):
            if found >= count:
                break
            taken.insert(0, chunk)
            found += len(chunk.labels)
        responses = [np.zeros((0, self._width), np.int32), *(c.dense(self._width) for c in taken)]
        labels = [np.zeros(0, np.uint8), *(chunk.labels for chunk in taken)]
        first = max(0, found - count)
        return np.concatenate(responses)[first:], np.concatenate(labels)[first:]

    def read(self) -> Readout:
        """Labels by the last responses."""
        return read(*self.last(LABELLING), self._n_classes, regress=False)

    def tell(self, seen: int) -> bool:
        """An interval is over; returns whether there was anything in it to tell."""
        if not self._since:
            return False
        responses, labels = self.last(self._since)
        before, self._readout = (
            self._readout,
            read(responses, labels, self._n_classes, regress=False),
        )
        self._since = 0
        if before is None:
            half = len(labels) // 2
            before = read(responses[:half], labels[:half], self._n_classes, regress=False)
            responses, labels = responses[half:], labels[half:]
        right = before.answers(responses, "class-mean") == labels
        self.accuracies.append((seen, float(right.mean())))
        return True

    def _extend_curve(self) -> None:
        new, self._uncurved = self._uncurved, 0
        responses, labels = self.last(new + CURVE_LABELS)
        before = len(labels) - new or new // 2
        readout = read(responses[:before], labels[:before], self._n_classes, regress=False)
        right = readout.answers(responses[before:], "class-mean") == labels[before:]
        self.curve.append((self._seen, float(right.mean())))

    def snapshot(self) -> State:
        """Everything, as arrays whose names begin with ``RUNNING``."""
        snapshot: State = {
            f"{RUNNING}told": np.array(self.accuracies, np.float64).reshape(-1, 2),
            f"{RUNNING}since": np.array([self._since]),
            f"{RUNNING}curve": np.array(self.curve, np.float64).reshape(-1, 2),
            f"{RUNNING}seen": np.array([self._seen, self._uncurved]),
        }
        if self._readout is not None:
            snapshot[f"{RUNNING}means"] = self._readout.means
        for name, dtype in (("labels", np.uint8), *((n, np.int32) for n in PARTS)):
            parts = [np.zeros(0, dtype), *(getattr(chunk, name) for chunk in self._chunks)]
            snapshot[f"{RUNNING}{name}"] = np.concatenate(parts)
        return snapshot

    def load(self, snapshot: State) -> None:
        """Go on where ``snapshot`` was taken.

        Raises:
            KeyError, ValueError: it is not that of such a network.
        """
        labels = snapshot[f"{RUNNING}labels"]
        counts, neurons, spikes = (snapshot[f"{RUNNING}{name}"] for name in PARTS)
        if len(labels) != len(counts) or (counts < 0).any() or counts.sum() != len(neurons):
            raise ValueError("the running responses do not fit each other")
        if len(neurons) != len(spikes) or not ((neurons >= 0) & (neurons < self._width)).all():
            raise ValueError("the running responses are of other neurons")
        self._chunks.clear()
        self._held = 0
        if len(labels):
            self._append(_Chunk(labels, counts, neurons, spikes))
        self._since = int(snapshot[f"{RUNNING}since"][0])
        self.accuracies = [(int(seen), float(right)) for seen, right in snapshot[f"{RUNNING}told"]]
        curve = snapshot.get(f"{RUNNING}curve", np.zeros((0, 2)))  # earlier versions had none
        self.curve = [(int(seen), float(right)) for seen, right in curve]
        self._seen, self._uncurved = map(int, snapshot.get(f"{RUNNING}seen", (0, 0)))
        means = snapshot.get(f"{RUNNING}means")
        self._readout = None if means is None else Readout(means)

    def _append(self, chunk: _Chunk) -> None:
        self._chunks.append(chunk)
        self._held += len(chunk.labels)
        while self._held - len(self._chunks[0].labels) >= self._room:
            self._held -= len(self._chunks.popleft().labels)
