"""Votes from spikes, by hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest

from spikeoff.contenders.diehl_cook.readout import VOTES, Vote, read

LABELS = np.array([0, 0, 1, 1, 1], np.uint8)
RESPONSES = np.array(
    [[4, 0, 1, 0], [2, 0, 1, 0], [0, 3, 0, 0], [1, 6, 0, 0], [0, 3, 1, 0]], np.int32
)


def test_neurons_stand_for_the_digit_of_their_highest_mean() -> None:
    readout = read(RESPONSES, LABELS)
    expected = np.array([[3, 0, 1, 0], [1 / 3, 4, 1 / 3, 0]])
    np.testing.assert_allclose(readout.means[:2], expected)
    np.testing.assert_array_equal(readout.assigned, [0, 1, 0, -1])


def test_class_mean_and_proportional_scores_by_hand() -> None:
    readout = read(RESPONSES, LABELS)
    response = np.array([[2, 1, 4, 7]], np.int32)
    np.testing.assert_allclose(readout.scores(response, "class-mean")[0, :3], [3, 1, 0])
    expected = [2 * 0.9 + 4 * 0.75, 2 * 0.1 + 1 + 4 * 0.25]
    np.testing.assert_allclose(readout.scores(response, "proportional")[0, :2], expected)


@pytest.mark.parametrize("vote", VOTES)
def test_every_vote_tells_separable_responses_apart(vote: Vote) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 600).astype(np.uint8)
    rates = np.where(np.arange(30)[None] % 10 == labels[:, None], 4.0, 0.2)
    responses = rng.poisson(rates).astype(np.int32)
    readout = read(responses[:300], labels[:300])
    assert (readout.answers(responses[300:], vote) == labels[300:]).mean() > 0.97


def test_a_digit_never_seen_is_never_the_learned_answer() -> None:
    readout = read(RESPONSES, LABELS)
    assert set(readout.answers(RESPONSES, "learned")) <= {0, 1}


def test_one_class_only_makes_no_regression() -> None:
    assert read(RESPONSES[:2], LABELS[:2]).coefficients is None
