"""Splits are disjoint, complete, stratified and seeded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikeoff.data import Dataset, split
from spikeoff.errors import UserError


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1), n_validation=st.integers(10, 300))
def test_parts_are_disjoint_complete_and_stratified(
    small: Dataset, seed: int, n_validation: int
) -> None:
    parts = split(small, seed=seed, n_validation=n_validation)
    ids = np.concatenate([parts.train.ids, parts.validation.ids])
    assert sorted(ids) == list(small.train.ids)
    assert len(parts.validation) == n_validation
    counts = np.bincount(parts.validation.labels, minlength=10)
    expected = np.bincount(small.train.labels, minlength=10) * n_validation / len(small.train)
    assert np.abs(counts - expected).max() <= 1
    assert parts.test is small.test


def test_the_default_holds_out_5000_and_none_trains_on_all(mnist: Dataset) -> None:
    parts = split(mnist, seed=0)
    assert (len(parts.train), len(parts.validation)) == (55_000, 5_000)
    everything = split(mnist, seed=0, n_validation=0)
    assert (len(everything.train), len(everything.validation)) == (60_000, 0)


@pytest.mark.parametrize(("n", "default"), [(600, 60), (49_999, 4_999), (50_000, 5_000)])
def test_a_small_data_set_holds_out_a_tenth(mnist: Dataset, n: int, default: int) -> None:
    few = replace(mnist, train=mnist.train.take(slice(n)))
    assert len(split(few, seed=0).validation) == default
    assert len(split(few, seed=0, n_validation=200).validation) == 200


def test_the_seed_decides(small: Dataset) -> None:
    one, again, other = (split(small, seed=s, n_validation=100).train.ids for s in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_fewer_training_images_leave_validation_as_it_is(small: Dataset) -> None:
    whole = split(small, seed=3, n_validation=100)
    part = split(small, seed=3, n_validation=100, n_train=200)
    assert (whole.validation.ids == part.validation.ids).all()
    assert len(part.train) == 200
    assert set(part.train.ids) <= set(whole.train.ids)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"n_validation": 5}, "n_validation"),
        ({"n_validation": 600}, "n_validation"),
        ({"n_validation": 100, "n_train": 501}, "n_train"),
        ({"n_validation": 100, "n_train": 3}, "n_train"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(
    small: Dataset, values: dict[str, int], name: str
) -> None:
    with pytest.raises(UserError, match=name):
        split(small, seed=0, **values)
