"""An ``.npz``: Keras's ``x_train, y_train, x_test, y_test``, or arrays under similar names."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.data import npy
from spikeoff.data.images import Dataset, make_dataset
from spikeoff.data.parts import Pair, Part, find_pairs, joined, read_parts
from spikeoff.errors import UserError, one_line
from spikeoff.files import MAX_BYTES, whole_file

KEYS = ("x_train", "y_train", "x_test", "y_test")
"""The names that Keras gives and that are written."""


def load(path: Path, name: str, classes: tuple[str, ...] | None = None) -> Dataset:
    """The data set in an ``.npz``; ``classes`` as in ``make_dataset``.

    Raises:
        UserError: the archive is damaged, too large, lacks an array, or holds objects.
    """
    train, test, notes = joined(read_parts(path, (".npz",), _read), path)
    return make_dataset(name, train, test, path, classes, ("NumPy arrays", *notes))


def _read(path: Path) -> dict[Part, Pair]:
    with _opened(path) as held:
        return {
            part: (held.array(pixels), held.array(labels, text=True))
            for part, (pixels, labels) in find_pairs(held.names, path).items()
        }


def read_arrays(path: Path, keys: tuple[str, ...]) -> dict[str, NDArray[np.generic]]:
    """The arrays of these names in an ``.npz``, none of them of Python objects; read-only.

    Raises:
        UserError: the archive is damaged, too large, lacks an array, or holds objects.
    """
    with _opened(path) as held:
        for key in keys:
            if key not in held.names:
                raise UserError(
                    f"{path}: no array {key!r}; {', '.join(keys)} are needed, "
                    f"found: {one_line(ValueError(', '.join(held.names)))}"
                )
        return {key: held.array(key) for key in keys}


def array_names(path: Path) -> list[str]:
    """The names of the arrays in an ``.npz``.

    Raises:
        UserError: the archive is damaged or too large.
    """
    with _opened(path) as held:
        return list(held.names)


class _Archive:
    """An open ``.npz``; nothing is unpacked to the disk, so names in it lead nowhere."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive, self._path = archive, path
        self.names = {name.removesuffix(".npy"): name for name in archive.namelist()}

    def array(self, key: str, *, text: bool = False) -> NDArray[np.generic]:
        """The array of that name; of text only if ``text``."""
        return npy.parse(self._archive.read(self.names[key]), f"{self._path}: {key}", text=text)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[_Archive]:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
                raise UserError(f"{path}: unpacks to over {MAX_BYTES >> 30} GiB; not a data set")
            yield _Archive(archive, path)
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {one_line(error)}") from error
    except Exception as error:  # zipfile and its decompressors each raise their own
        raise UserError(
            f"{path}: not a readable .npz ({one_line(error)}); write or fetch it again"
        ) from error


def save(dataset: Dataset, path: Path) -> list[Path]:
    """Write the data set as Keras does, compressed; returns the path written."""
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream,
            x_train=dataset.train.pixels,
            y_train=dataset.train.labels,
            x_test=dataset.test.pixels,
            y_test=dataset.test.labels,
        )
    return [path]
