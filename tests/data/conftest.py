"""A data set small enough to be written in every format."""

from __future__ import annotations

import pytest

from spikeoff.data import Dataset


@pytest.fixture(scope="session")
def small(mnist: Dataset) -> Dataset:
    """600 training and 100 test images."""
    return Dataset(
        "small", mnist.train.take(slice(0, 600)), mnist.test.take(slice(0, 100)), mnist.spec
    )
