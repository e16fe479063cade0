"""IDX, the format in which MNIST is published: plain or compressed with gzip.

A file is a magic number (two zero bytes, a type code, the number of dimensions), the sizes as
32-bit big-endian integers, then the values. MNIST's are unsigned bytes (type code 8).
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from spikeoff.data.images import Bytes, Dataset, make_dataset
from spikeoff.errors import UserError
from spikeoff.files import pack, read_bytes, write_bytes

UNSIGNED_BYTE = 8

STEMS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def find_files(folder: Path) -> dict[str, Path]:
    """The published files that lie in ``folder``, by stem; plain ones before compressed ones."""
    found = {}
    for stems in STEMS.values():
        for stem in stems:
            dotted = stem.replace("-idx", ".idx")
            for name in (stem, dotted, f"{stem}.gz", f"{dotted}.gz"):
                if (folder / name).is_file():
                    found[stem] = folder / name
                    break
    return found


def load_folder(folder: Path, name: str) -> Dataset:
    """The data set in the four published files under ``folder``.

    Raises:
        UserError: a file is missing or damaged.
    """
    found = find_files(folder)
    for stems in STEMS.values():
        for stem in stems:
            if stem not in found:
                raise UserError(f"{folder}: {stem}[.gz] is missing; all four IDX files are needed")
    parts = {
        part: (read_array(found[images], 3, 4), read_array(found[labels], 1))
        for part, (images, labels) in STEMS.items()
    }
    return make_dataset(name, parts["train"], parts["test"], folder)


def read_array(path: Path, *dimensions: int) -> Bytes:
    """The array in one IDX file.

    Raises:
        UserError: magic number, sizes or length are wrong.
    """
    raw = read_bytes(path)
    header = 4 + 4 * dimensions[0]
    if len(raw) < header:
        raise UserError(f"{path}: {len(raw)} bytes; an IDX header alone has {header}")
    magic = struct.unpack(">I", raw[:4])[0]
    n_dimensions = magic & 0xFF
    if magic >> 8 != UNSIGNED_BYTE or n_dimensions not in dimensions:
        raise UserError(
            f"{path}: magic number {magic:#010x}; {dimensions[0]}-dimensional unsigned bytes "
            f"have {UNSIGNED_BYTE << 8 | dimensions[0]:#010x}"
        )
    header = 4 + 4 * n_dimensions
    shape = struct.unpack(f">{n_dimensions}I", raw[4:header])
    size = math.prod(shape)
    if size != len(raw) - header:
        raise UserError(
            f"{path}: the header promises {' x '.join(map(str, shape))} = {size} bytes, "
            f"{len(raw) - header} follow; fetch it again"
        )
    try:
        return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)
    except ValueError as error:  # sizes beyond any array's, beside one of 0
        raise UserError(f"{path}: {' x '.join(map(str, shape))} is no size of an array") from error


def write_folder(dataset: Dataset, folder: Path) -> list[Path]:
    """Write the four files, compressed; returns their paths."""
    paths = []
    for part, (images, labels) in STEMS.items():
        source = getattr(dataset, part)
        for stem, array in (
            (images, source.pixels),
            (labels, source.labels),
        ):
            header = struct.pack(f">I{array.ndim}I", UNSIGNED_BYTE << 8 | array.ndim, *array.shape)
            paths.append(folder / f"{stem}.gz")
            write_bytes(paths[-1], pack(header + array.tobytes()))
    return paths
