"""Stratified draws are those of scikit-learn, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.data import Dataset
from spikeoff.data.stratified import stratified_draw


def assert_like_sklearn(labels: np.ndarray, n: int, seed: int) -> None:
    from sklearn.model_selection import train_test_split

    places = np.arange(len(labels))
    try:
        expected = train_test_split(places, test_size=n, stratify=labels, random_state=seed)
    except ValueError:
        with pytest.raises(ValueError, match="cannot hold some of every class"):
            stratified_draw(labels, n, seed)
        return
    for found, part in zip(stratified_draw(labels, n, seed), expected, strict=True):
        np.testing.assert_array_equal(found, np.sort(part))


@given(
    labels=st.lists(st.integers(0, 4), min_size=4, max_size=120),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_labels_are_drawn_as_scikit_learn_draws_them(
    labels: list[int], share: float, seed: int
) -> None:
    n = 1 + round(share * (len(labels) - 2))
    assert_like_sklearn(np.array(labels, np.uint8), n, seed)


@pytest.mark.parametrize("n", [100, 4999, 5000, 12345])
def test_mnist_is_drawn_as_scikit_learn_draws_it(mnist: Dataset, n: int) -> None:
    for seed in (0, 1, 2):
        assert_like_sklearn(mnist.train.labels, n, seed)
