"""What tests share."""

from __future__ import annotations

import numpy as np
import pytest

from spikeoff.data import Dataset, Images, load_dataset


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
