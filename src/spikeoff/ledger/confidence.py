"""Answers with confidence: a network stops as soon as the margin of its answer suffices.

    margin      the highest score at a reading minus the second highest
    stop        the first reading whose margin is at least the threshold, or the last reading
    threshold   the smallest with which the accuracy on validation images is within a tolerance of
                the accuracy at the last reading

The threshold is chosen on validation images and applied once to the test images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.data import Images
from spikeoff.ledger.account import Reading, account_of
from spikeoff.ledger.recording import Recording, Synapses

TOLERANCE = 0.002
"""Accuracy (fraction of the validation images) that stopping early may lose."""

COUNTED = 2000
"""Number of test images whose operations are counted, about; below it, all are."""

LARGEST = 1e29
"""Largest margin, within the numbers that a record may hold."""

QUARTILES = (0.25, 0.5, 0.75)
COSTS = ("effective_acs", "effective_macs", "membrane_updates")

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class EarlyAnswers:
    """The answers of a network that stops with confidence, on the test images.

    threshold: smallest margin with which it stops; None if every image takes all readings.
    unit: of the margin.
    tolerance: accuracy that it may lose on the validation images.
    accuracy: fraction of correct answers.
    readings: mean number of readings per image: how often its answer is looked at.
    mean_steps: time steps per image.
    quartiles: of the time steps: a quarter, a half and three quarters of the images need no more.
    effective_acs, effective_macs, membrane_updates: per image up to its stop, in the mean.
    counted: number of test images that these were counted on.
    """

    threshold: float | None
    unit: str
    tolerance: float
    accuracy: float
    readings: float
    mean_steps: float
    quartiles: tuple[float, float, float]
    effective_acs: float
    effective_macs: float
    membrane_updates: float
    counted: int


def margins(scores: Scores) -> Scores:
    """[n, k] the highest score minus the second highest; of scores [n, k, classes].

    They are at most ``LARGEST``, also where all other classes are impossible (-inf), so that no
    margin reaches an infinite threshold.
    """
    highest = np.partition(scores, -2, axis=2)[:, :, -2:]
    with np.errstate(invalid="ignore", over="ignore"):
        margin: Scores = highest[:, :, 1] - highest[:, :, 0]
    return np.nan_to_num(margin, nan=0.0, posinf=LARGEST).clip(max=LARGEST)


def stopping(scores: Scores, threshold: float) -> NDArray[np.int64]:
    """[n] the reading at which each image stops; of scores [n, k, classes]."""
    reached = margins(scores) >= threshold
    reached[:, -1] = True
    stops: NDArray[np.int64] = reached.argmax(axis=1)
    return stops


def choose_threshold(
    scores: Scores, labels: NDArray[np.uint8], tolerance: float = TOLERANCE
) -> float:
    """The smallest threshold whose accuracy is within the tolerance of that of the last reading.

    Candidates are 0 and the margins with which an image may stop before the last reading. If none
    suffices, the threshold is infinite.

    Args:
        scores: [n, k, classes] of validation images.
        labels: [n] of the same images.
        tolerance: fraction of the images.
    """
    right = (scores.argmax(axis=2) == labels[:, None]).astype(np.int64)
    needed = right[:, -1].sum() - tolerance * len(labels) - 1e-9
    # An image passes reading k if all margins so far are below the threshold. Its answer is then
    # that of the next reading, so the number of right answers changes by the difference of the two.
    peaks = np.maximum.accumulate(margins(scores), axis=1)[:, :-1].ravel()
    order = np.argsort(peaks, kind="stable")
    passed = np.concatenate([[0], np.diff(right, axis=1).ravel()[order].cumsum()])
    candidates = np.unique(np.append(peaks, np.float32(0)))
    correct = right[:, 0].sum() + passed[np.searchsorted(peaks[order], candidates, side="left")]
    enough = np.flatnonzero(correct >= needed)
    return float(candidates[enough[0]]) if len(enough) else float("inf")


def early_answers(
    record: Callable[[Images], Recording],
    synapses: Sequence[Synapses],
    threshold: float,
    test: Images,
    recording: Recording,
    unit: str,
    tolerance: float = TOLERANCE,
) -> EarlyAnswers | None:
    """What stopping with confidence gives; None without time steps or test images.

    A recording has sums over its images, so the test images that stop at the same reading are
    recorded again, together, and counted up to that reading. Of each such group, evenly spaced
    images are taken if there are more than ``COUNTED`` test images, and each group has its full
    weight in the mean. If all images stop at the same reading, ``recording`` has the counts.

    Args:
        record: answers images and records what the network does.
        synapses: those of the network.
        threshold: what ``choose_threshold`` returned for validation images and this tolerance.
        test: images to apply it to.
        recording: of all test images.
        unit: of the scores.
        tolerance: fraction of the validation images.
    """
    if not recording.updated or not len(test):
        return None
    stops, n = stopping(recording.scores, threshold), len(test)
    spread = -(-n // COUNTED)
    groups, counted = [], 0
    for stop in np.unique(stops):
        rows = np.flatnonzero(stops == stop)
        alone = len(rows) == n
        part = test if alone else test.take(rows[::spread])
        groups.append(_Group(recording if alone else record(part), synapses, part, stop, len(rows)))
        counted += len(part)
    ends = sorted(end for one in groups for end in one.ends())
    steps, weights = (np.array(column) for column in zip(*ends, strict=True))
    reached = weights.cumsum() / weights.sum()
    first, second, third = (float(steps[np.argmax(reached >= q - 1e-9)]) for q in QUARTILES)
    acs, macs, updates = (
        sum(one.size * getattr(one.cost, key) for one in groups) / n for key in COSTS
    )
    answers = recording.answers[np.arange(n), stops]
    never = np.isinf(threshold)
    return EarlyAnswers(
        threshold=None if never else threshold,
        unit=unit,
        tolerance=tolerance,
        accuracy=float((answers == test.labels).mean()),
        readings=1.0 if never else float(stops.mean()) + 1,
        mean_steps=float(np.average(steps, weights=weights)),
        quartiles=(first, second, third),
        effective_acs=acs,
        effective_macs=macs,
        membrane_updates=updates,
        counted=counted,
    )


class _Group:
    """The images that stop at the same reading.

    cost: per image by then.
    size: number of images in the group, of which some were recorded.
    """

    def __init__(
        self, recording: Recording, synapses: Sequence[Synapses], images: Images, stop: int,
        size: int,
    ) -> None:  # fmt: skip
        # Fewer readings than in the whole: none of these images was shown for so long.
        self._last = min(int(stop), len(recording.steps) - 1)
        self._recording, self._weight, self.size = recording, size / len(images), size
        self.cost: Reading = account_of(recording, synapses, images.labels).anytime[self._last]

    def ends(self) -> Iterator[tuple[float, float]]:
        """(steps, number of images): when images stop, or end by themselves before that."""
        upto = slice(0, self._last + 1)
        steps, done = self._recording.steps[upto], self._recording.image_steps[upto]
        running = np.diff(done, prepend=0) / np.diff(steps, prepend=0)
        ended = running - np.append(running[1:], 0)
        for step, number in zip(steps, ended, strict=True):
            if number:
                yield float(step), self._weight * float(number)
