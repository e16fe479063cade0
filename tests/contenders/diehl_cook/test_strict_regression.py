"""The learned vote of strict mode is that of scikit-learn, where it has converged."""

from __future__ import annotations

import numpy as np
import pytest

from spikeoff.contenders.diehl_cook.readout import read
from spikeoff.numerics.mode import strictly


@pytest.mark.parametrize("n_labels", [2, 4, 10])
def test_it_answers_as_scikit_learn_does(n_labels: int) -> None:
    rng = np.random.default_rng(n_labels)
    labels = (rng.integers(0, n_labels, 600)).astype(np.uint8)
    rates = rng.gamma(1.0, 2.0, (n_labels, 40))
    responses = rng.poisson(rates[labels]).astype(np.int32)
    default = read(responses[:500], labels[:500])
    with strictly(True):
        strict = read(responses[:500], labels[:500])
        answers = strict.answers(responses[500:], "learned")
    assert strict.intercepts is not None
    assert np.isneginf(strict.intercepts[n_labels:]).all()
    expected = default.answers(responses[500:], "learned")
    assert (answers == expected).mean() >= 0.97
    assert (answers == labels[500:]).mean() >= (expected == labels[500:]).mean() - 0.02


def test_a_single_label_needs_no_regression() -> None:
    responses = np.ones((5, 3), np.int32)
    with strictly(True):
        assert read(responses, np.zeros(5, np.uint8)).coefficients is None
