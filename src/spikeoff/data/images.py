"""Labelled images as the contenders see them, and the rules that every source must obey."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.spec import MAX_CLASSES, ImageSpec, numbered
from spikeoff.errors import UserError

PART = 4096
"""Images that are converted at a time."""

Bytes = NDArray[np.uint8]


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

    source: the name or path that it was loaded by; None for one made of arrays.
    """

    name: str
    train: Images
    test: Images
    spec: ImageSpec
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
    train: tuple[NDArray[np.generic], NDArray[np.generic]],
    test: tuple[NDArray[np.generic], NDArray[np.generic]],
    where: object = None,
    classes: tuple[str, ...] | None = None,
) -> Dataset:
    """A data set from raw (pixels, labels) pairs, checked.

    Args:
        name: of the data set.
        train: pixels [n, height, width(, channels)], or [n, pixels] of square images; labels [n].
        test: the same.
        where: says in messages where the pairs are from; the name does by default.
        classes: names of the classes; by default the numbers from 0 to the highest label.

    Raises:
        UserError: a shape, a pixel value or a label breaks the rules.
    """
    where = name if where is None else where
    highest = MAX_CLASSES if classes is None else len(classes)
    train_images = _checked(f"{where}: training part", *train, highest)
    test_images = _checked(f"{where}: test part", *test, highest)
    shapes = [pixels.shape[1:] for pixels, _ in (train_images, test_images)]
    if shapes[0] != shapes[1]:
        train_shape, test_shape = (" x ".join(map(str, shape)) for shape in shapes)
        raise UserError(
            f"{where}: training images are {train_shape}, test images {test_shape}; "
            "all must have one shape"
        )
    if classes is None:
        classes = numbered(1 + max(int(labels.max()) for _, labels in (train_images, test_images)))
    try:
        spec = ImageSpec(shapes[0], classes)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    n, n_test = len(train_images[1]), len(test_images[1])
    ids = np.arange(n + n_test, dtype=np.int64)
    return Dataset(name, Images(*train_images, ids[:n]), Images(*test_images, ids[n:]), spec)


def _checked(
    where: str, pixels: NDArray[np.generic], labels: NDArray[np.generic], n_classes: int
) -> tuple[Bytes, Bytes]:
    if pixels.ndim == 0 or len(pixels) == 0:
        raise UserError(f"{where}: it holds no images; at least one is needed")
    if labels.shape[1:] not in ((), (1,)) or labels.ndim == 0:
        raise UserError(f"{where}: labels of shape {labels.shape}; one number per image is needed")
    labels = labels.reshape(-1)
    if len(labels) != len(pixels):
        raise UserError(
            f"{where}: {len(pixels)} images but {len(labels)} labels; there must be one each"
        )
    pixels = pixels.reshape(len(pixels), *_shape(where, pixels.shape[1:]))
    return _as_bytes(where, pixels), _as_labels(where, labels, n_classes)


def _shape(where: str, given: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an image; rows of numbers are square images, one channel is none."""
    if len(given) == 1 and math.isqrt(given[0]) ** 2 == given[0] > 0:
        return (math.isqrt(given[0]),) * 2
    if len(given) == 1:
        raise UserError(
            f"{where}: images are rows of {given[0]} numbers, which make no square; "
            "give them as height x width"
        )
    return given[:2] if len(given) == 3 and given[2] == 1 else given


def _as_bytes(where: str, pixels: NDArray[np.generic]) -> Bytes:
    """Pixels as uint8; floats in [0, 1] are n/255 (Keras) or n/256 (Theano).

    The images are converted part by part: other types take up to eight times the memory.
    """
    if pixels.dtype == np.uint8:
        return np.require(pixels, requirements=["C", "W"])
    if pixels.dtype.kind not in "iuf":
        raise UserError(f"{where}: pixels of type {pixels.dtype}; integers or floats are needed")
    parts = [slice(first, first + PART) for first in range(0, len(pixels), PART)]
    highest = max(_highest(where, pixels[part]) for part in parts)
    scales = (1,) if pixels.dtype.kind in "iu" or highest > 1 else (255, 256)
    for scale in scales:
        whole = np.empty(pixels.shape, np.uint8)
        if all(_scaled(pixels[part], scale, whole[part]) for part in parts):
            return whole
    raise UserError(f"{where}: pixels are no multiples of 1, 1/255 or 1/256; keep 8-bit values")


def _highest(where: str, pixels: NDArray[np.generic]) -> float:
    """The highest pixel, all of them checked."""
    values = pixels.astype(np.float64)
    if not np.isfinite(values).all():
        raise UserError(f"{where}: a pixel is NaN or infinite; pixels are 0..255 or 0.0..1.0")
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 255:
        value = low if low < 0 else high
        raise UserError(f"{where}: a pixel is {value:g}; pixels are 0..255 or 0.0..1.0")
    return high


def _scaled(pixels: NDArray[np.generic], scale: int, result: Bytes) -> bool:
    """Fill ``result`` with pixels times ``scale``, if these are whole numbers up to 255."""
    scaled = pixels.astype(np.float64) * scale
    whole = np.rint(scaled)
    result[:] = np.minimum(whole, 255)
    return bool(np.abs(scaled - whole).max() < 1e-3 and whole.max() <= 255)


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
