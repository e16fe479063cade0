"""What tests share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import settings

from spikeoff.data import Dataset, Images, load_dataset
from tests import pictures

# No test asserts a time: a busy machine is no failure.
settings.register_profile("spikeoff", deadline=None)
settings.load_profile("spikeoff")


@pytest.fixture(scope="session", autouse=True)
def figure_files() -> Iterator[None]:
    """No figure file is drawn, except where ``pictures.drawn`` asks for it."""
    with pictures.left_empty():
        yield


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
