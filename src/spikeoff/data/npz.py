"""The ``.npz`` of Keras: ``x_train, y_train, x_test, y_test``."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.data import npy
from spikeoff.data.images import Dataset, make_dataset
from spikeoff.errors import UserError, one_line
from spikeoff.files import MAX_BYTES, whole_file

KEYS = ("x_train", "y_train", "x_test", "y_test")


def load(path: Path, name: str, classes: tuple[str, ...] | None = None) -> Dataset:
    """The data set in a Keras ``.npz``; ``classes`` as in ``make_dataset``.

    Raises:
        UserError: the archive is damaged, too large, lacks an array, or holds objects.
    """
    arrays = read_arrays(path, KEYS)
    train, test = ((arrays[pixels], arrays[labels]) for pixels, labels in (KEYS[:2], KEYS[2:]))
    return make_dataset(name, train, test, path, classes)


def read_arrays(path: Path, keys: tuple[str, ...]) -> dict[str, NDArray[np.generic]]:
    """The arrays of these names in an ``.npz``, none of them of Python objects; read-only.

    Nothing is unpacked to the disk, so names in the archive lead nowhere.

    Raises:
        UserError: the archive is damaged, too large, lacks an array, or holds objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
                raise UserError(f"{path}: unpacks to over {MAX_BYTES >> 30} GiB; not a data set")
            held = {name.removesuffix(".npy"): name for name in archive.namelist()}
            for key in keys:
                if key not in held:
                    raise UserError(
                        f"{path}: no array {key!r}; {', '.join(keys)} are needed, "
                        f"found: {one_line(ValueError(', '.join(held)))}"
                    )
            return {key: npy.parse(archive.read(held[key]), f"{path}: {key}") for key in keys}
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
