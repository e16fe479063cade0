"""Latency and throughput of answers whose time is known."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.data import Images
from spikeoff.ledger.timing import LEAST, latency, spread, throughput
from tests.ledger.synthetic import World


class Answering:
    """Takes ``fixed`` s a batch and ``each`` s an image, ``late`` s an image past 256."""

    def __init__(self, fixed: float, each: float, late: float = 0.0, first: float = 0.0) -> None:
        self.world = World(0, 0)
        self.fixed, self.each, self.late, self.first = fixed, each, late, first
        self.sizes: list[int] = []
        self.ids: list[int] = []

    def __call__(self, images: Images) -> None:
        n = len(images)
        self.sizes.append(n)
        self.ids += images.ids.tolist()
        self.world.work(self.first + self.fixed + n * self.each + max(0, n - 256) * self.late)
        self.first = 0.0


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30))
def test_median_and_quartiles_are_those_of_the_standard_library(values: list[float]) -> None:
    found = spread(values)
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    assert (found.q1, found.median, found.q3) == pytest.approx((low, middle, high))
    assert found.n == len(values)


def test_latency_is_of_single_images_each_in_turn_without_the_first(few: Images) -> None:
    respond = Answering(fixed=0.004, each=0.001, first=0.5)
    found = latency(respond, few, seconds=1.0, clock=respond.world.clock)
    assert set(respond.sizes) == {1}
    assert respond.ids[: len(few)] == few.ids.tolist()
    assert (found.batch, found.median, found.q1, found.q3) == pytest.approx((1, 5.0, 5.0, 5.0))
    assert respond.world.now <= 1.01
    assert found.n == len(respond.sizes) - 1


def test_a_tenth_of_the_time_warms_up(few: Images) -> None:
    respond = Answering(fixed=0.0, each=0.005)
    found = latency(respond, few, seconds=1.0, clock=respond.world.clock)
    assert len(respond.sizes) == pytest.approx(1.0 / 0.005, abs=1)
    assert found.n == pytest.approx(0.9 / 0.005, abs=1)


def test_batches_go_around_the_images_without_an_incomplete_one(few: Images) -> None:
    respond = Answering(fixed=0.001, each=0.0)
    throughput(respond, few, seconds=0.1, clock=respond.world.clock)
    ids = iter(respond.ids)
    starts: dict[int, list[int]] = {}
    for size in respond.sizes:
        batch = [next(ids) for _ in range(size)]
        first = few.ids.tolist().index(batch[0])
        assert batch == few.ids[first : first + size].tolist()
        starts.setdefault(size, []).append(first)
    assert starts.pop(32) == [0] * (len(respond.sizes) - 15)
    assert starts == {1: [0, 1, 2], 2: [0, 2, 4], 4: [0, 4, 8], 8: [0, 8, 16], 16: [0, 16, 0]}


def test_slow_answers_are_still_repeated(few: Images) -> None:
    respond = Answering(fixed=10.0, each=0.0)
    assert latency(respond, few, seconds=1.0, clock=respond.world.clock).n == LEAST
    respond = Answering(fixed=10.0, each=0.0)
    found = throughput(respond, few, seconds=1.0, clock=respond.world.clock)
    assert (found.batch, found.images_per_s.n) == (1, LEAST)


def test_the_best_batch_is_found_among_the_doublings(mnist_images: Images) -> None:
    respond = Answering(fixed=0.001, each=1e-6, late=1e-4)
    found = throughput(respond, mnist_images, seconds=5.0, clock=respond.world.clock)
    assert found.batch == 256
    assert found.images_per_s.median == pytest.approx(256 / (0.001 + 256e-6))
    assert list(found.tried) == [2**k for k in range(len(found.tried))]
    assert found.tried[1] == pytest.approx(1 / 0.001001)
    assert respond.world.now <= 5.5


def test_no_batch_is_larger_than_the_images(few: Images) -> None:
    respond = Answering(fixed=0.001, each=0.0)
    found = throughput(respond, few, seconds=2.0, clock=respond.world.clock)
    assert found.batch == max(found.tried) == 32
    assert max(respond.sizes) <= len(few)


@pytest.mark.parametrize("seconds", [0.2, 1.0, 4.0])
def test_the_search_keeps_to_its_time(mnist_images: Images, seconds: float) -> None:
    respond = Answering(fixed=0.0001, each=0.0002)
    throughput(respond, mnist_images, seconds=seconds, clock=respond.world.clock)
    assert respond.world.now <= 1.5 * seconds


@given(st.floats(0.0001, 0.1))
def test_batches_double_while_three_answers_fit_into_half_of_the_time(each: float) -> None:
    images = Images(np.zeros((4096, 1, 1), np.uint8), np.zeros(4096, np.uint8), np.arange(4096))
    respond = Answering(fixed=0.0, each=each)
    tried = throughput(respond, images, seconds=2.0, clock=respond.world.clock).tried
    fitting = [2**k for k in range(13) if 3 * each * (2 ** (k + 1) - 1) <= 1.0]
    assert list(tried) == fitting


@pytest.fixture(scope="module")
def mnist_images() -> Images:
    from spikeoff.data import load_dataset

    return load_dataset().train.take(slice(0, 3000))
