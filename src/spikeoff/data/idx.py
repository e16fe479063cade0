"""IDX, the format in which MNIST is published: plain or compressed with gzip.

A file is a magic number (two zero bytes, a type code, the number of dimensions), the sizes as
32-bit big-endian integers, then the values. MNIST's are unsigned bytes (type code 8).
"""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path

import numpy as np

from spikeoff.data import emnist
from spikeoff.data.images import Dataset, make_dataset
from spikeoff.data.pixels import Bytes
from spikeoff.errors import UserError
from spikeoff.files import pack, read_bytes, write_bytes

UNSIGNED_BYTE = 8

STEMS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


NAME = re.compile(
    r"(?P<set>.*?)-?(?P<part>train|t10k|test)-(?P<kind>images[-.]idx3|labels[-.]idx1)-ubyte(\.gz)?"
)
"""A file's name; that of EMNIST or others begins with the name of the set."""

Files = dict[tuple[str, str], Path]
"""Files by part (train, test) and kind (images, labels)."""


def find_sets(folder: Path) -> dict[str, Files]:
    """The files that lie in ``folder``, by set; plain ones before compressed ones."""
    found: dict[str, Files] = {}
    for path in sorted(folder.iterdir(), key=lambda one: (len(one.name), one.name)):
        match = NAME.fullmatch(path.name)
        if match and path.is_file():
            part = "train" if match["part"] == "train" else "test"
            found.setdefault(match["set"], {}).setdefault((part, match["kind"][:6]), path)
    return found


def find_folders(folder: Path) -> list[Path]:
    """The folders with IDX files: this one, or the ``raw`` below it, as torchvision makes them."""
    places = [folder, folder / "raw", *sorted(folder.glob("*/raw"))]
    for k in (slice(0, 1), slice(1, None)):
        fitting = [place for place in places[k] if place.is_dir() and find_sets(place)]
        if fitting:
            return fitting
    return []


def load_file(path: Path) -> Dataset:
    """The data set that one of the four files belongs to.

    Raises:
        UserError: a file is missing or damaged.
    """
    match = NAME.fullmatch(path.name)
    if match is None:
        raise UserError(
            f"{path}: no name of MNIST's files; rename it as in train-images-idx3-ubyte[.gz]"
        )
    return load_folder(path.parent, match["set"])


def load_folder(folder: Path, chosen: str | None = None) -> Dataset:
    """The data set in the four files of ``folder``.

    Pictures of EMNIST are turned: its files have rows and columns exchanged.

    Args:
        folder: where the files lie.
        chosen: what the files' names begin with; by default there must be one such set.

    Raises:
        UserError: a file is missing or damaged, or there are several sets.
    """
    sets = find_sets(folder)
    if chosen is None and len(sets) > 1:
        raise UserError(
            f"{folder}: holds {', '.join(sorted(name or 'MNIST' for name in sets))}; name one of "
            "the files of the set that you mean"
        )
    prefix = next(iter(sets)) if chosen is None else chosen
    files = sets.get(prefix, {})
    for part, stems in STEMS.items():
        for kind, stem in zip(("images", "labels"), stems, strict=True):
            if (part, kind) not in files:
                missing = f"{prefix}-{stem}" if prefix else stem
                raise UserError(
                    f"{folder}: {missing}[.gz] is missing; all four IDX files are needed"
                )
    pixels, labels = (
        [read_array(files[part, kind], dimensions) for part in STEMS]
        for kind, dimensions in (("images", 3), ("labels", 1))
    )
    name, classes, notes = prefix or folder.name, None, ["four IDX files"]
    if prefix.lower() in emnist.CLASSES:
        classes = emnist.CLASSES[prefix.lower()]
        pixels = [np.ascontiguousarray(one.transpose(0, 2, 1)) for one in pixels]
        # 0 becomes 255, which is no class.
        labels = [one - np.uint8(emnist.FIRST_LABEL.get(prefix.lower(), 0)) for one in labels]
        notes.append("pictures of EMNIST, whose rows and columns are exchanged, were turned")
    train, test = zip(pixels, labels, strict=True)
    return make_dataset(name, train, test, folder, classes, tuple(notes))


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
