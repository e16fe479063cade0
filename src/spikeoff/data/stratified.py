"""Drawing images so that each class keeps its share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def draw(labels: NDArray[np.uint8], rows: Rows, n: int, seed: int) -> tuple[Rows, Rows]:
    """Split ``rows`` into those left and ``n`` drawn, both in ascending order.

    Args:
        labels: of all images.
        rows: the images to draw from.
        n: how many.
        seed: which ones; the same seed draws the same.

    Raises:
        ValueError: some class has too few images.
    """
    if n == 0:
        return rows, rows[:0]
    if n == len(rows):
        return rows[:0], rows
    from sklearn.model_selection import train_test_split  # noqa: PLC0415 (a second to import)

    left, drawn = train_test_split(rows, test_size=n, stratify=labels[rows], random_state=seed)
    return np.sort(left), np.sort(drawn)
