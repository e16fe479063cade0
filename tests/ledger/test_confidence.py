"""Answers with confidence: by hand, by their laws, and without a look at the test labels."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spikeoff.data import Images
from spikeoff.ledger.account import account_of
from spikeoff.ledger.confidence import (
    COUNTED,
    EarlyAnswers,
    choose_threshold,
    early_answers,
    margins,
    stopping,
)
from spikeoff.ledger.recording import Recording, Synapses

INF = float("inf")

# Three images, three readings, three classes.
SCORES = np.array(
    [
        [[1, 0, 0], [3, 1, 0], [4, 1, 1]],  # margins 1, 2, 3
        [[2, 2, 0], [2, 3, 0], [2, 5, 0]],  # margins 0, 1, 3
        [[3, 1, 1], [3, 2, 3], [3, 3, 5]],  # margins 2, 0, 2
    ],
    np.float32,
)


class World:
    """A network whose spikes are written down, image by image; it is always right at the end."""

    def __init__(self, seed: int, n: int, n_steps: int) -> None:
        rng = np.random.default_rng(seed)
        self.spikes = {
            name: rng.integers(0, 2, (n, n_steps, size))
            for name, size in (("input", 5), ("out", 3))
        }
        self.scores = self.spikes["out"].cumsum(axis=1).astype(np.float32)
        self.images = Images(
            np.zeros((n, 1, 5), np.uint8), self.scores[:, -1].argmax(axis=1).astype(np.uint8),
            np.arange(n),
        )  # fmt: skip
        self.synapses = [Synapses.of("all", "input", rng.integers(-1, 2, (5, 3)).astype(float))]
        self.recorded: list[NDArray[np.int64]] = []

    def record(self, images: Images) -> Recording:
        self.recorded.append(images.ids)
        spikes = {name: fired[images.ids] for name, fired in self.spikes.items()}
        return Recording.of_spikes(spikes, self.scores[images.ids])

    def early(
        self, n_validation: int, tolerance: float, test: Images | None = None
    ) -> EarlyAnswers:
        validation = self.images.take(slice(0, n_validation))
        test = self.images.take(slice(n_validation, None)) if test is None else test
        known = self.record(validation)
        threshold = choose_threshold(known.scores, validation.labels, tolerance)
        found = early_answers(
            self.record, self.synapses, threshold, test, self.record(test), "spikes", tolerance
        )
        assert found is not None
        return found


def test_margins_and_stops_by_hand() -> None:
    assert margins(SCORES).tolist() == [[1, 2, 3], [0, 1, 3], [2, 0, 2]]
    assert stopping(SCORES, 1).tolist() == [0, 1, 0]
    assert stopping(SCORES, 2).tolist() == [1, 2, 0]
    assert stopping(SCORES, 2.5).tolist() == [2, 2, 2]


@given(st.integers(0, 2**32))
def test_a_margin_is_the_difference_of_the_two_highest_scores(seed: int) -> None:
    scores = np.random.default_rng(seed).random((4, 3, 10), np.float32)
    np.testing.assert_array_equal(margins(scores), np.diff(np.sort(scores)[..., -2:])[..., 0])


def test_the_threshold_by_hand() -> None:
    """At the end, 0, 1 and 2 are answered; image 1 is wrong at first, image 2 until the end."""
    labels = np.array([0, 1, 2], np.uint8)
    assert choose_threshold(SCORES, labels, tolerance=0) == INF  # nothing stops image 2 but time
    assert choose_threshold(SCORES, labels, tolerance=1 / 3) == 1  # image 1 may go on
    assert choose_threshold(SCORES, labels, tolerance=2 / 3) == 0  # only image 0 is right at once


def test_a_threshold_of_zero_stops_at_once_and_an_infinite_one_never() -> None:
    impossible = np.full((3, 2, 3), -np.inf, np.float32)
    impossible[:, :, 0] = 1
    for scores in (SCORES, impossible):
        assert stopping(scores, 0).tolist() == [0] * 3
        assert stopping(scores, INF).tolist() == [scores.shape[1] - 1] * 3


@example(seed=837, n=2, k=3, tolerance=0)  # a margin of 2 after one of 3 decides nothing
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 6), st.sampled_from((0, 0.1, 0.5)))
def test_the_threshold_is_the_smallest_that_suffices(
    seed: int, n: int, k: int, tolerance: float
) -> None:
    """Against trying every margin that no earlier one of its image exceeds.

    Any other threshold stops all images where the next larger of these does.
    """
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, (n, k, 3)).astype(np.float32)
    labels = rng.integers(0, 3, n).astype(np.uint8)

    def accuracy(threshold: float) -> float:
        answers = scores[np.arange(n), stopping(scores, threshold)].argmax(axis=1)
        return float((answers == labels).mean())

    peaks = np.maximum.accumulate(margins(scores)[:, :-1], axis=1)
    tried = [0.0, *np.unique(peaks).tolist()]
    enough = [t for t in tried if accuracy(t) >= accuracy(INF) - tolerance - 1e-12]
    assert choose_threshold(scores, labels, tolerance) == min(enough, default=INF)


@given(st.integers(0, 2**32), st.lists(st.floats(0, 5), min_size=2, max_size=5))
def test_a_higher_threshold_never_stops_earlier(seed: int, thresholds: list[float]) -> None:
    scores = np.random.default_rng(seed).integers(0, 5, (7, 4, 3)).astype(np.float32)
    stops = [stopping(scores, threshold) for threshold in sorted(thresholds)]
    for lower, higher in pairwise(stops):
        assert (lower <= higher).all()


@given(st.integers(0, 2**32), st.integers(2, 12), st.integers(1, 5), st.sampled_from((0, 0.1, 1)))
def test_costs_are_the_sums_over_images_up_to_their_stops(
    seed: int, n: int, k: int, tolerance: float
) -> None:
    world = World(seed, 2 * n, k)
    found = world.early(n, tolerance)
    threshold = INF if found.threshold is None else found.threshold
    assert threshold == choose_threshold(world.scores[:n], world.images.labels[:n], tolerance)
    stops = stopping(world.scores[n:], threshold)
    met = world.spikes["input"][n:] @ world.synapses[0].met
    spent = [met[image, : stop + 1].sum() for image, stop in enumerate(stops)]
    assert found.effective_acs == pytest.approx(np.mean(spent))
    assert found.effective_macs == 0
    assert found.membrane_updates == pytest.approx(3 * found.mean_steps)
    assert found.mean_steps == pytest.approx(stops.mean() + 1)
    quartiles = np.quantile(stops + 1, (0.25, 0.5, 0.75), method="inverted_cdf")
    assert list(found.quartiles) == quartiles.tolist()
    answers = world.scores[n:].argmax(axis=2)[np.arange(n), stops]
    assert found.accuracy == (answers == world.images.labels[n:]).mean()
    assert found.readings == (1 if found.threshold is None else pytest.approx(found.mean_steps))
    assert found.counted == n


def test_if_nothing_stops_early_costs_and_accuracy_are_those_of_the_end() -> None:
    world = World(0, 40, 6)
    world.scores[:20, :-1] = 0
    world.scores[:20, -1] = np.eye(3)[world.images.labels[:20]]  # validation: right at last
    found = world.early(20, 0)
    test = world.images.take(slice(20, None))
    whole = account_of(world.record(test), world.synapses, test.labels)
    assert found.threshold is None
    assert found.mean_steps == 6
    assert found.accuracy == whole.anytime[-1].accuracy
    assert found.effective_acs == pytest.approx(whole.operations.effective_acs)
    assert found.membrane_updates == pytest.approx(whole.operations.membrane_updates)


def test_test_labels_choose_nothing() -> None:
    world = World(3, 200, 8)
    test = world.images.take(slice(100, None))
    poisoned = replace(test, labels=(test.labels + 1) % 3)
    fair, other = (world.early(100, 0.05, images) for images in (test, poisoned))
    assert fair.threshold
    assert replace(fair, accuracy=other.accuracy) == other
    assert fair.accuracy != other.accuracy


def test_of_many_images_evenly_spaced_ones_of_each_group_are_counted() -> None:
    world = World(5, 100 + 3 * COUNTED, 6)
    found = world.early(100, 0.02)
    validation, rest, *groups = world.recorded
    assert (len(rest), len(validation)) == (3 * COUNTED, 100)
    assert found.counted == sum(map(len, groups)) == pytest.approx(COUNTED, rel=0.01)
    assert found.threshold
    stops = stopping(world.scores[100:], found.threshold)
    assert found.mean_steps == pytest.approx(stops.mean() + 1)  # each group has its full weight
    met = world.spikes["input"][100:] @ world.synapses[0].met
    spent = [met[image, : stop + 1].sum() for image, stop in enumerate(stops)]
    assert found.effective_acs == pytest.approx(np.mean(spent), rel=0.02)


def test_images_that_end_by_themselves_take_no_more_steps() -> None:
    """One of two images is shown for 10 steps, the other for 20; neither reaches the margin."""
    scores = np.array([[[0, 0]] * 3, [[0, 0], [0, 0], [0, 1]]], np.float32)

    def record(images: Images) -> Recording:
        ends = np.array([10, 20])[images.ids % 2]
        steps = np.array([5, 10, 20])
        used = steps[: 2 + int(ends.max() > 10)]
        return Recording(
            {"input": np.ones((len(used), 1), np.int64)}, scores[images.ids % 2][:, : len(used)],
            used, np.minimum.outer(used, ends).sum(axis=1), (), ("input",),
        )  # fmt: skip

    images = Images(np.zeros((4, 1, 1), np.uint8), np.array([0, 1, 0, 1], np.uint8), np.arange(4))
    validation, test = images.take(slice(0, 2)), images.take(slice(2, 4))
    threshold = choose_threshold(record(validation).scores, validation.labels, 0)
    found = early_answers(record, [], threshold, test, record(test), "votes", 0)
    assert found is not None
    assert (found.threshold, found.mean_steps, found.quartiles) == (None, 15, (10, 10, 20))


def test_without_time_steps_or_test_images_there_is_none() -> None:
    world = World(1, 10, 3)
    some, none = world.images, world.images.take(slice(0, 0))
    recording = world.record(some)
    still = replace(recording, updated=())
    args = (world.record, world.synapses)
    assert early_answers(*args, 1.0, none, recording, "spikes") is None
    assert early_answers(*args, 1.0, some, still, "spikes") is None
