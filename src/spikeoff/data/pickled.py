"""Pickled data sets: Theano's three pairs, dicts of arrays, and pairs of files of these.

In circulation are Theano's ``mnist.pkl.gz``, three pairs (train, validation, test) of pixels and
labels; two such pairs; dicts with arrays under names as in an ``.npz``, or a dict of pairs by part;
and the files of Diehl & Cook's code, ``training`` and ``testing``, each a dict
``{'x', 'y', 'rows', 'cols'}``.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import Dataset, make_dataset
from spikeoff.data.parts import Pair, Part, find_pairs, joined, part_of, read_parts
from spikeoff.data.unpickler import load_restricted, numbers_of
from spikeoff.errors import UserError
from spikeoff.files import pack, read_bytes, write_bytes

N_THEANO_TRAIN = 50_000
"""Theano's file splits MNIST's training part into 50,000 and 10,000."""

PICKLES = (".pkl", ".pickle", ".pkl.gz", ".pickle.gz")
"""Endings of names."""

MAX_LABELS = 10_000_000
MAX_NAME = 200
"""Longest name of a class."""

RULE = "two or three pairs (pixels, labels), or a dict with x and y"
PARTS: dict[int, tuple[Part, ...]] = {2: ("train", "test"), 3: ("train", "validation", "test")}


def load(path: Path, name: str) -> Dataset:
    """The data set in a pickle of pairs or of a dict of arrays.

    Given one file of a pair, the other is looked for beside it.

    Raises:
        UserError: the file is damaged, refused, of another form, or its partner is missing.
    """
    train, test, notes = joined(read_parts(path, PICKLES, _read), path)
    notes = ("a pickle, read by an unpickler of arrays alone", *notes)
    return make_dataset(name, train, test, path, notes=notes)


def _read(path: Path) -> dict[Part, Pair]:
    content = load_restricted(read_bytes(path), str(path))
    if isinstance(content, Mapping):
        return _from_dict(content, path)
    if not isinstance(content, (tuple, list)) or len(content) not in PARTS:
        raise UserError(f"{path}: it holds a {type(content).__name__}; expected {RULE}")
    if len(content) == 2 and not isinstance(content[0], (tuple, list)):
        return {"all": _pair(content, path)}
    return {
        part: _pair(pair, path) for part, pair in zip(PARTS[len(content)], content, strict=True)
    }


def _from_dict(content: Mapping[object, object], path: Path) -> dict[Part, Pair]:
    held = {_text(key): value for key, value in content.items()}
    nested: dict[Part, Pair] = {}
    for key, value in held.items():
        part = part_of(key)
        if part is not None and isinstance(value, (tuple, list)) and len(value) == 2:
            nested[part] = _pair(value, path)
        elif part is not None and isinstance(value, Mapping):
            nested[part] = _from_dict(value, path)["all"]
    if nested:
        return nested
    return {
        part: _shaped(_pair((held[pixels], held[labels]), path), held, path)
        for part, (pixels, labels) in find_pairs(held, path).items()
    }


def _shaped(pair: Pair, held: Mapping[str, object], path: Path) -> Pair:
    """Pixels in the shape that ``rows`` and ``cols`` say, where a dict has them."""
    if "rows" not in held and "cols" not in held:
        return pair
    rows, cols = held.get("rows"), held.get("cols")
    n = len(pair[0])
    if not isinstance(rows, int) or not isinstance(cols, int) or rows * cols * n != pair[0].size:
        raise UserError(f"{path}: rows and cols do not say the size of an image in x")
    return pair[0].reshape(n, rows, cols), pair[1]


def _pair(pair: object, path: Path) -> Pair:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise UserError(f"{path}: a part is no pair; expected {RULE}")
    pixels, labels = _pixels(pair[0], path), _labels(pair[1], path)
    if not len(pixels) or len(pixels) != len(labels):
        raise UserError(
            f"{path}: a part has {len(pixels)} images and {len(labels)} labels; "
            "there must be one each, and some"
        )
    return pixels, labels


def _text(key: object) -> str:
    """The key of a dict; Python 2's and CIFAR's are bytes."""
    return key.decode("latin1") if isinstance(key, bytes) else str(key)[:MAX_NAME]


def _pixels(value: object, path: Path) -> NDArray[np.generic]:
    value = numbers_of(value, path)
    if not isinstance(value, np.ndarray) or value.ndim < 2:
        raise UserError(f"{path}: pixels must be an array of numbers, an image a row")
    return value


def _listed(entry: object, path: Path) -> object:
    """An array among the labels as a list, if it is a short one."""
    array = numbers_of(entry, path)
    return array.tolist() if isinstance(array, np.ndarray) and array.size == 1 else array


def _labels(value: object, path: Path) -> NDArray[np.generic]:
    """Labels as an array, or as the list of one-element lists of Diehl & Cook's code."""
    value = numbers_of(value, path)
    if isinstance(value, np.ndarray):
        if value.ndim in (1, 2):
            return value
    elif isinstance(value, (list, tuple)) and len(value) <= MAX_LABELS:
        flat = [
            entry[0] if isinstance(entry, (list, tuple)) and len(entry) == 1 else entry
            for entry in (_listed(entry, path) for entry in value)
        ]
        whole = [min(max(entry, -1), 255) for entry in flat if isinstance(entry, int)]
        if len(whole) == len(flat):
            return np.array(whole, np.int64)
        names = [entry for entry in flat if isinstance(entry, str) and len(entry) <= MAX_NAME]
        if len(names) == len(flat):
            return np.array(names)
    raise UserError(f"{path}: labels must be integers or names, one an image")


def save(dataset: Dataset, path: Path) -> list[Path]:
    """Write Theano's three-tuple (pixels / 256 as float32); returns the path written."""
    n = min(N_THEANO_TRAIN, len(dataset.train) * 5 // 6)
    parts = (dataset.train.take(slice(0, n)), dataset.train.take(slice(n, None)), dataset.test)
    content = tuple(
        (part.flat.astype(np.float32) / 256, part.labels.astype(np.int64)) for part in parts
    )
    raw = pickle.dumps(content, protocol=2)
    # The name that every NumPy knows; it stands once, before the first array's data.
    raw = raw.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n", 1)
    write_bytes(path, pack(raw))
    return [path]
