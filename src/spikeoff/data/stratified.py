"""Stratified draws, as scikit-learn's ``train_test_split`` makes them, bit for bit.

Every run draws its split, and to import scikit-learn for it takes longer than all else at its start
except PyTorch. A test compares both functions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def draw(labels: NDArray[np.uint8], rows: Rows, n: int, seed: int) -> tuple[Rows, Rows]:
    """Split ``rows`` into those left and ``n`` drawn, both in ascending order.

    Args:
        labels: of all images.
        rows: the images to draw from.
        n: how many; all or none are allowed too.
        seed: which ones; the same seed draws the same.

    Raises:
        ValueError: some class has too few images.
    """
    if n == 0:
        return rows, rows[:0]
    if n == len(rows):
        return rows[:0], rows
    left, drawn = stratified_draw(labels[rows], n, seed)
    return rows[left], rows[drawn]


def stratified_draw(labels: NDArray[np.uint8], n: int, seed: int) -> tuple[Rows, Rows]:
    """Split the places of ``labels`` into those left and ``n`` drawn, both in ascending order.

    Each class has its share of both parts, within one image.

    Raises:
        ValueError: a class has one image only, or a part has fewer images than there are classes.
    """
    classes, members, counts = np.unique(labels, return_inverse=True, return_counts=True)
    n_left = len(labels) - n
    if counts.min() < 2 or min(n, n_left) < len(classes):
        raise ValueError(f"{n} of {len(labels)} images cannot hold some of every class")
    by_class = np.split(np.argsort(members, kind="stable"), np.cumsum(counts)[:-1])
    # Its stream never changes, unlike that of np.random.default_rng: splits stay as they are.
    generator = np.random.RandomState(seed)
    shares_left = _shares(counts, n_left, generator)
    shares_drawn = _shares(counts - shares_left, n, generator)
    left, drawn = [], []
    for places, count, other in zip(by_class, shares_left, shares_drawn, strict=True):
        mixed = places[generator.permutation(len(places))]
        left.append(mixed[:count])
        drawn.append(mixed[count : count + other])
    return np.sort(np.concatenate(left)), np.sort(np.concatenate(drawn))


def _shares(
    counts: NDArray[np.int64], n: int, generator: np.random.RandomState
) -> NDArray[np.int64]:
    """How many of ``n`` images each class gives: the mode of a multivariate hypergeometric draw.

    Classes round down; what is missing then comes from those with the largest remainders, drawn at
    random where remainders are equal.
    """
    exact = counts / counts.sum() * n
    shares: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    remainders = exact - shares
    missing = int(n - shares.sum())
    for remainder in np.unique(remainders)[::-1]:
        if missing <= 0:
            break
        (equal,) = np.where(remainders == remainder)
        chosen = generator.choice(equal, size=min(len(equal), missing), replace=False)
        shares[chosen] += 1
        missing -= len(chosen)
    return shares
