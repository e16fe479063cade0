"""Labelled images as the contenders see them, and the rules that every source must obey."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.labels import number_labels
from spikeoff.data.parts import Pair
from spikeoff.data.pixels import Bytes, as_bytes, image_shape
from spikeoff.data.spec import MAX_CLASSES, ImageSpec, numbered
from spikeoff.data.stratified import draw
from spikeoff.errors import UserError

TEST_SHARE = 0.2
HOLD_OUT_SEED = 0
"""How a data set without a test part is divided."""


@dataclass(frozen=True)
class Images:
    """Images with their labels.

    pixels: [n, height, width] or [n, height, width, channels] uint8, 0 is background.
    labels: [n] uint8, the number of each image's class.
    ids: [n] int64, the example's number in its data set (training images first, test images
        behind them): the name under which its input spikes are drawn.
    """

    pixels: Bytes
    labels: Bytes
    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def flat(self) -> Bytes:
        """[n, pixels] uint8: each image as one row, row by row of the picture; a view."""
        return self.pixels.reshape(len(self.pixels), math.prod(self.pixels.shape[1:]))

    def take(self, rows: NDArray[np.int64] | slice) -> Images:
        """The images at ``rows``, in that order."""
        return Images(self.pixels[rows], self.labels[rows], self.ids[rows])


@dataclass(frozen=True)
class Dataset:
    """A data set as published: its training part and its test part, and what its images are.

    notes: what reading it changed or decided, in words.
    source: the name or path that it was loaded by; None for one made of arrays.
    """

    name: str
    train: Images
    test: Images
    spec: ImageSpec
    notes: tuple[str, ...] = ()
    source: str | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an image: (height, width), or (height, width, channels)."""
        return self.spec.shape

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; a label is the place of its name among them."""
        return self.spec.classes

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.shape))
        return (
            f"<{self.name}: {len(self.train):,} training and {len(self.test):,} test images of "
            f"{shape} pixels, {len(self.classes)} classes>"
        )

    def sha256(self) -> str:
        """A fingerprint of all pixels and labels, whatever format they were read from."""
        digest = hashlib.sha256()
        for part in (self.train, self.test):
            digest.update(np.ascontiguousarray(part.pixels).data)
            digest.update(np.ascontiguousarray(part.labels).data)
        return digest.hexdigest()


def make_dataset(
    name: str,
    train: Pair,
    test: Pair | None,
    where: object = None,
    classes: tuple[str, ...] | None = None,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """A data set from raw (pixels, labels) pairs, checked.

    Args:
        name: of the data set.
        train: pixels [n, height, width(, channels)], or [n, pixels] of square images; labels [n]
            as numbers or names, or [n, classes] one-hot.
        test: the same. Without a test part, a fifth of each class becomes the test part: always
            the same images, whatever the seed of a run.
        where: says in messages where the pairs are from; the name does by default.
        classes: names of the classes; by default those of the labels, or else the numbers from 0
            to the highest label.
        notes: what was changed or decided so far.

    Raises:
        UserError: a shape, a pixel value or a label breaks the rules.
    """
    where = name if where is None else where
    given = [train] if test is None else [train, test]
    labels, named = number_labels([pair[1] for pair in given], where)
    classes = named or classes
    highest = MAX_CLASSES if classes is None else len(classes)
    checked = [
        _checked(f"{where}: {part} part", pair[0], numbers, highest)
        for part, pair, numbers in zip(("training", "test"), given, labels, strict=False)
    ]
    if test is None:
        checked = _hold_out(*checked[0], where)
        notes = (*notes, f"no test part was found: {len(checked[1][1]):,} images, a fifth of each "
                 "class, became the test part")  # fmt: skip
    shapes = [pixels.shape[1:] for pixels, _ in checked]
    if shapes[0] != shapes[1]:
        train_shape, test_shape = (" x ".join(map(str, shape)) for shape in shapes)
        raise UserError(
            f"{where}: training images are {train_shape}, test images {test_shape}; "
            "all must have one shape"
        )
    if classes is None:
        classes = numbered(1 + max(int(numbers.max()) for _, numbers in checked))
    try:
        spec = ImageSpec(shapes[0], classes)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    n, n_test = (len(numbers) for _, numbers in checked)
    ids = np.arange(n + n_test, dtype=np.int64)
    parts = (Images(*checked[0], ids[:n]), Images(*checked[1], ids[n:]))
    return Dataset(name, *parts, spec, notes)


def _hold_out(pixels: Bytes, labels: Bytes, where: object) -> list[tuple[Bytes, Bytes]]:
    """Training and test part: a fifth of each class is the test part."""
    n_classes = len(np.unique(labels))
    n = max(round(len(labels) * TEST_SHARE), n_classes)
    try:
        if n > len(labels) - n_classes:
            raise ValueError("nothing of some class would be left")
        rows = draw(labels, np.arange(len(labels)), n, HOLD_OUT_SEED)
    except ValueError as error:
        raise UserError(
            f"{where}: there is no test part, and a class with too few images to hold out "
            f"{n} of {len(labels)}; add images, or a test part"
        ) from error
    return [(pixels[part], labels[part]) for part in rows]


def _checked(
    where: str, pixels: NDArray[np.generic], labels: NDArray[np.generic], n_classes: int
) -> tuple[Bytes, Bytes]:
    if pixels.ndim == 0 or len(pixels) == 0:
        raise UserError(f"{where}: it holds no images; at least one is needed")
    if labels.shape[1:] not in ((), (1,)) or labels.ndim == 0:
        raise UserError(
            f"{where}: labels of shape {labels.shape}; one number or name per image, or "
            "one-hot rows, are needed"
        )
    labels = labels.reshape(-1)
    if len(labels) != len(pixels):
        raise UserError(
            f"{where}: {len(pixels)} images but {len(labels)} labels; there must be one each"
        )
    pixels = pixels.reshape(len(pixels), *image_shape(where, pixels.shape[1:]))
    return as_bytes(where, pixels), _as_labels(where, labels, n_classes)


def _as_labels(where: str, labels: NDArray[np.generic], n_classes: int) -> Bytes:
    if labels.dtype.kind not in "iuf":
        raise UserError(f"{where}: labels of type {labels.dtype}; they must be 0..{n_classes - 1}")
    values = labels.astype(np.float64)
    bad = ~((values >= 0) & (values < n_classes) & (values == np.floor(values)))
    if bad.any():
        first = int(np.argmax(bad))
        raise UserError(
            f"{where}: label {labels[first]} at position {first}; labels are 0..{n_classes - 1}"
        )
    return labels.astype(np.uint8)
