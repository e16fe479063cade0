"""How long an answer takes: one image at a time, and many together.

Both go through what every contender answers by. The clock stops once the answers are in the host's
memory; choosing the images is outside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from spikeoff.data import Images

LEAST = 5
"""Repeats, also where they take longer than asked for."""

WARM_SHARE = 0.1
"""Share of the time that goes into warming up, one answer at least."""

SEARCH_SHARE = 0.5
"""Share of the time that goes into finding the best batch."""

Respond = Callable[[Images], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of ``n`` repeats."""

    median: float
    q1: float
    q3: float
    n: int


@dataclass(frozen=True)
class Latency:
    """Milliseconds an answer of ``batch`` images."""

    batch: int
    median: float
    q1: float
    q3: float
    n: int


@dataclass(frozen=True)
class Throughput:
    """Images a second in batches of the best size among those tried.

    tried: images a second by batch, of the quickest of a few answers each.
    """

    batch: int
    images_per_s: Spread
    tried: dict[int, float]


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles, interpolated linearly."""
    q1, median, q3 = np.percentile(values, [25, 50, 75])
    return Spread(float(median), float(q1), float(q3), len(values))


def latency(
    respond: Respond, images: Images, seconds: float, clock: Clock = time.perf_counter
) -> Latency:
    """Time answers to single images, each in turn, for so many seconds."""
    took = _timed(respond, _batches(images, 1), seconds, clock)
    found = spread([1000 * one for one in took])
    return Latency(1, found.median, found.q1, found.q3, found.n)


def throughput(
    respond: Respond, images: Images, seconds: float, clock: Clock = time.perf_counter
) -> Throughput:
    """Double the batch while there is time, then time answers to batches of the best size.

    Args:
        respond: answers images.
        images: those that batches are taken from; none is larger.
        seconds: for both parts together, about.
        clock: tells time (s).
    """
    tried: dict[int, float] = {}
    end = clock() + SEARCH_SHARE * seconds
    size = 1
    while size <= len(images):
        batches = _batches(images, size)
        respond(next(batches))
        quickest = min(_once(respond, next(batches), clock) for _ in range(2))
        tried[size] = size / max(quickest, 1e-9)
        size *= 2
        if clock() + 3 * size / tried[size // 2] > end:
            break
    best = max(tried, key=lambda batch: tried[batch])
    took = _timed(respond, _batches(images, best), (1 - SEARCH_SHARE) * seconds, clock)
    return Throughput(best, spread([best / max(one, 1e-9) for one in took]), tried)


def _timed(
    respond: Respond, batches: Iterator[Images], seconds: float, clock: Clock
) -> list[float]:
    """Seconds each of many answers, after some that are not counted."""
    start = clock()
    respond(next(batches))
    while clock() - start < WARM_SHARE * seconds:
        respond(next(batches))
    took: list[float] = []
    while len(took) < LEAST or clock() - start < seconds:
        took.append(_once(respond, next(batches), clock))
    return took


def _once(respond: Respond, batch: Images, clock: Clock) -> float:
    start = clock()
    respond(batch)
    return clock() - start


def _batches(images: Images, size: int) -> Iterator[Images]:
    """Batches of ``size`` images, around and around."""
    first = 0
    while True:
        if first + size > len(images):
            first = 0
        yield images.take(slice(first, first + size))
        first += size
