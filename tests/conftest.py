"""What tests share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings

from spikeoff.data import Dataset, Images, load_dataset

# No test asserts a time: a busy machine is no failure.
settings.register_profile("spikeoff", deadline=None)
settings.load_profile("spikeoff")


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    return load_dataset()


@pytest.fixture(scope="session")
def few(mnist: Dataset) -> Images:
    """Forty training images."""
    return mnist.train.take(slice(0, 40))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
