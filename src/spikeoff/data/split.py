"""The split that every contender of a race shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import Dataset, Images
from spikeoff.data.spec import ImageSpec
from spikeoff.data.stratified import draw
from spikeoff.errors import UserError

N_VALIDATION = 5000
"""Validation images by default, of a data set of MNIST's size."""


@dataclass(frozen=True)
class Split:
    """Disjoint images: for training, for validation and for the test.

    Training and validation images come from the published training part, the test images are
    the published test part, whole.
    """

    train: Images
    validation: Images
    test: Images
    spec: ImageSpec


def held_out_of(n: int, n_validation: int | None) -> int:
    """How many of ``n`` training images validate: as asked, or 5,000, or a tenth if fewer."""
    return min(N_VALIDATION, n // 10) if n_validation is None else n_validation


def split(
    dataset: Dataset, *, seed: int, n_validation: int | None = None, n_train: int | None = None
) -> Split:
    """A stratified split: each class keeps its share in every part.

    Args:
        dataset: the data set.
        seed: which images go where; the same seed gives the same split to every contender.
        n_validation: images held out of the training part; 0 trains on all of it. By default 5,000,
            or a tenth where there are fewer than 50,000.
        n_train: how many of the others to train on; all by default.

    Raises:
        UserError: the numbers do not fit the data set.
    """
    n, n_classes = len(dataset.train), len(np.unique(dataset.train.labels))
    n_validation = held_out_of(n, n_validation)
    if n_validation and not n_classes <= n_validation <= n - n_classes:
        raise UserError(
            f"n_validation is {n_validation}; with {n} training images it must be 0 "
            f"or from {n_classes} to {n - n_classes}"
        )
    rest = n - n_validation
    if n_train not in (None, rest) and not n_classes <= (n_train or 0) <= rest - n_classes:
        raise UserError(
            f"n_train is {n_train}; after {n_validation} validation images it must be {rest}, "
            f"or from {n_classes} to {rest - n_classes}"
        )
    everything = np.arange(n)
    training, validation = _draw(dataset, everything, n_validation, seed)
    if n_train is not None and n_train < rest:
        _, training = _draw(dataset, training, n_train, seed)
    train, held_out = dataset.train.take(training), dataset.train.take(validation)
    return Split(train, held_out, dataset.test, dataset.spec)


def _draw(
    dataset: Dataset, rows: NDArray[np.int64], n: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    try:
        return draw(dataset.train.labels, rows, n, seed)
    except ValueError as error:
        raise UserError(
            f"{dataset.name}: too few images of some class to split off {n} of {len(rows)}"
        ) from error
