"""Folders of pictures by class, as torchvision's ImageFolder reads them.

``train/7/*.png`` and ``test/7/*.png``, or one level, ``7/*.png``. The folders' names are the names
of the classes, in numerical order if all are numbers, else in alphabetical order.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spikeoff.data.images import Dataset, make_dataset
from spikeoff.data.parts import Pair, Part, joined, part_of
from spikeoff.data.pictures import is_picture, read_picture, stacked
from spikeoff.errors import UserError
from spikeoff.files import MAX_BYTES

Classes = dict[str, list[Path]]
"""Pictures by class."""


def find_parts(folder: Path) -> dict[Part, Classes]:
    """The pictures below ``folder``, by part and class; empty where there are none."""
    below = {one.name: one for one in _folders(folder)}
    parts: dict[Part, Classes] = {}
    for name, place in below.items():
        part = part_of(name)
        classes = _classes(place) if part is not None else {}
        if part is not None and classes and parts.setdefault(part, classes) is not classes:
            raise UserError(f"{folder}: two folders hold the {part} part; keep one of them")
    if parts:
        return parts
    classes = _classes(folder)
    return {"all": classes} if classes else {}


def load(folder: Path) -> Dataset:
    """The data set in folders of pictures.

    Raises:
        UserError: a picture cannot be read or has another size, or there is one class only.
    """
    parts = find_parts(folder)
    names = sorted(
        {name for classes in parts.values() for name in classes},
        key=lambda name: (0, int(name), name) if name.isdecimal() else (1, 0, name),
    )
    if len(names) < 2:
        raise UserError(
            f"{folder}: pictures of one class only ({', '.join(names)}); put those of each class "
            "into a folder of its own"
        )
    pairs: dict[Part, Pair] = {
        part: _read(classes, names, folder) for part, classes in parts.items()
    }
    for part, classes in parts.items():
        unknown = [name for name in classes if name not in parts.get("train", classes)]
        if unknown:
            raise UserError(
                f"{folder}: class {unknown[0]!r} of the {part} part has no training pictures"
            )
    train, test, notes = joined(pairs, folder)
    return make_dataset(
        folder.resolve().name, train, test, folder, tuple(names),
        (f"folders of pictures by class, {_total(parts):,} files", *notes),
    )  # fmt: skip


def _read(classes: Classes, names: list[str], folder: Path) -> Pair:
    files = [(path, name) for name in names for path in classes.get(name, ())]
    pictures, held = [], 0
    for path, _ in files:
        pictures.append(read_picture(path))
        held += pictures[-1].nbytes
        if held > MAX_BYTES:
            raise UserError(
                f"{folder}: the pictures take over {MAX_BYTES >> 30} GiB; reduce their size"
            )
    labels = np.array([names.index(name) for _, name in files], np.int64)
    return stacked(pictures, [str(path) for path, _ in files]), labels


def _classes(folder: Path) -> Classes:
    found = {}
    for place in _folders(folder):
        pictures = sorted(path for path in place.iterdir() if is_picture(path))
        if pictures:
            found[place.name] = pictures
    return found


def _folders(folder: Path) -> list[Path]:
    return sorted(
        one for one in folder.iterdir() if one.is_dir() and not one.name.startswith((".", "__"))
    )


def _total(parts: dict[Part, Classes]) -> int:
    return sum(len(files) for classes in parts.values() for files in classes.values())
