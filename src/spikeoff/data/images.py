"""Labelled digits as the contenders see them, and the rules that every source must obey."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.errors import UserError

SIDE = 28
N_PIXELS = SIDE * SIDE
N_CLASSES = 10

PART = 4096
"""Images that are converted at a time."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Images:
    """Images with their labels.

    pixels: [n, 784] uint8, row by row, 0 is background.
    labels: [n] uint8 in 0..9.
    ids: [n] int64, the example's number in its data set (training images first, test images
        behind them): the name under which its input spikes are drawn.
    """

    pixels: Bytes
    labels: Bytes
    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.int64] | slice) -> Images:
        """The images at ``rows``, in that order."""
        return Images(self.pixels[rows], self.labels[rows], self.ids[rows])


@dataclass(frozen=True)
class Dataset:
    """A data set as published: its training part and its test part."""

    name: str
    train: Images
    test: Images

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
) -> Dataset:
    """A data set from raw (pixels, labels) pairs, checked.

    ``where`` says in messages where the pairs are from; the name does by default.

    Raises:
        UserError: a shape, a pixel value or a label breaks the rules.
    """
    where = name if where is None else where
    train_pixels, train_labels = _checked(f"{where}: training part", *train)
    test_pixels, test_labels = _checked(f"{where}: test part", *test)
    n = len(train_labels)
    return Dataset(
        name,
        Images(train_pixels, train_labels, np.arange(n, dtype=np.int64)),
        Images(test_pixels, test_labels, np.arange(n, n + len(test_labels), dtype=np.int64)),
    )


def _checked(
    where: str, pixels: NDArray[np.generic], labels: NDArray[np.generic]
) -> tuple[Bytes, Bytes]:
    if pixels.ndim == 0 or len(pixels) == 0:
        raise UserError(f"{where}: it holds no images; at least one is needed")
    if pixels.shape[1:] not in ((N_PIXELS,), (SIDE, SIDE), (SIDE, SIDE, 1)):
        shape = " x ".join(map(str, pixels.shape[1:])) or "1"
        raise UserError(f"{where}: images are {shape}; the networks take {SIDE} x {SIDE}")
    if labels.shape[1:] not in ((), (1,)) or labels.ndim == 0:
        raise UserError(f"{where}: labels of shape {labels.shape}; one number an image is needed")
    labels = labels.reshape(-1)
    if len(labels) != len(pixels):
        raise UserError(
            f"{where}: {len(pixels)} images but {len(labels)} labels; there must be one each"
        )
    return _as_bytes(where, pixels), _as_labels(where, labels)


def _as_bytes(where: str, pixels: NDArray[np.generic]) -> Bytes:
    """Pixels [n, ...] as uint8 [n, 784]; floats in [0, 1] are n/255 (Keras) or n/256 (Theano).

    A part is looked at at a time: numbers of other types take up to eight times the memory.
    """
    pixels = pixels.reshape(len(pixels), N_PIXELS)
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


def _as_labels(where: str, labels: NDArray[np.generic]) -> Bytes:
    if labels.dtype.kind not in "iuf":
        raise UserError(f"{where}: labels of type {labels.dtype}; digits 0..{N_CLASSES - 1}")
    values = labels.astype(np.float64)
    bad = ~((values >= 0) & (values < N_CLASSES) & (values == np.floor(values)))
    if bad.any():
        first = int(np.argmax(bad))
        raise UserError(
            f"{where}: label {labels[first]} at position {first}; labels are 0..{N_CLASSES - 1}"
        )
    return labels.astype(np.uint8)
