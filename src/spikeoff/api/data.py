"""Data sets for runs from Python."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from spikeoff.data import EMBEDDED, Dataset, load_dataset, npz
from spikeoff.data.images import make_dataset
from spikeoff.errors import UserError

Data = Dataset | str | os.PathLike[str] | None
"""A data set, its name or its path; MNIST by default."""

STORED = "data.npz"
"""The file beside a run with its images, if these came from arrays."""


def load_data(path: str | os.PathLike[str] | None = None) -> Dataset:
    """A data set by its name or path, as ``--mnist_path`` takes them; MNIST by default.

    Its ``shape`` is that of an image, (height, width) or (height, width, channels), its ``classes``
    are names. Its parts ``train`` and ``test`` have ``pixels`` [n, *shape] uint8, ``labels`` [n]
    uint8 and ``ids`` [n] int64, by which input spikes are drawn.

    Raises:
        UserError: there is no readable data set.
    """
    return load_dataset(EMBEDDED if path is None else os.fspath(path))


def make_data(
    x_train: Any,
    y_train: Any,
    x_test: Any,
    y_test: Any,
    *,
    classes: tuple[str, ...] | None = None,
    name: str = "data",
) -> Dataset:
    """A data set of arrays.

    Args:
        x_train: [n, height, width(, channels)] training images, or [n, pixels] square ones; bytes
            from 0 (background) to 255, or the same divided by 255 or 256.
        y_train: [n] labels from 0.
        x_test: test images of the same shape.
        y_test: their labels.
        classes: names of the classes; by default their numbers.
        name: of the data set.

    Raises:
        UserError: a shape, a pixel or a label breaks these rules.
    """
    train, test = (
        (np.asarray(x_train), np.asarray(y_train)),
        (np.asarray(x_test), np.asarray(y_test)),
    )
    return make_dataset(name, train, test, classes=classes)


def data_source(data: Data, folder: Path) -> str:
    """The name or path by which runs find the data; arrays are written into ``folder``.

    Raises:
        UserError: ``data`` is of another type.
    """
    if data is None:
        return EMBEDDED
    if isinstance(data, (str, os.PathLike)):
        return os.fspath(data)
    if not isinstance(data, Dataset):
        raise UserError(
            f"`data` (={type(data).__name__}) must be a data set of load_data or make_data, a name "
            "or a path"
        )
    if data.source is not None:
        return data.source
    path = folder / STORED
    if not path.exists():
        npz.save(data, path)
    elif load_dataset(str(path)).sha256() != data.sha256():
        raise UserError(f"{path}: holds other images than `data`; name another folder")
    return str(path.absolute())
