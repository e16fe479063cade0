"""Pickled MNIST, read by an unpickler that admits arrays and plain containers and nothing else.

Two forms are in circulation: Theano's ``mnist.pkl.gz``, three pairs (train, validation, test) of
pixels and labels; and the pair of files of Diehl & Cook's code, ``training`` and ``testing``,
each a dict ``{'x', 'y', 'rows', 'cols'}``.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import N_PIXELS, Dataset, make_dataset
from spikeoff.errors import UserError, one_line
from spikeoff.files import pack, read_bytes, write_bytes

Pair = tuple[NDArray[np.generic], NDArray[np.generic]]

N_THEANO_TRAIN = 50_000
"""Theano's file splits MNIST's training part into 50,000 and 10,000."""


# Opcodes that build anything but numbers, text, containers and calls of the few names below.
FORBIDDEN = {"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID"}
MEMO = {"PUT", "BINPUT", "LONG_BINPUT"}
MAX_LABELS = 10_000_000


class _EmptyArray:
    """NumPy's ``_reconstruct`` as every pickled array calls it: an empty array, filled later."""

    __slots__ = ()

    def __call__(self, kind: object, shape: object, _type_code: object) -> NDArray[np.generic]:
        if kind is not _NDARRAY or shape not in ((0,), 0):
            raise pickle.UnpicklingError("an array is made in an unusual way")
        return np.empty(0, np.int8)


class _Latin1:
    """``_codecs.encode`` as protocol-2 pickles call it to restore bytes."""

    __slots__ = ()

    def __call__(self, text: object, encoding: object = "latin1") -> bytes:
        if not isinstance(text, str) or encoding != "latin1":
            raise pickle.UnpicklingError("bytes are restored in an unusual way")
        return text.encode("latin1")


class _FromBuffer:
    """NumPy's ``_frombuffer`` as protocol-5 pickles call it."""

    __slots__ = ()

    def __call__(
        self, buffer: object, dtype: np.dtype[Any], shape: tuple[int, ...], order: object
    ) -> NDArray[np.generic]:
        if not isinstance(buffer, (bytes, bytearray)) or order not in ("C", "F"):
            raise pickle.UnpicklingError("an array is made in an unusual way")
        return np.frombuffer(buffer, dtype).reshape(shape, order="C" if order == "C" else "F")


class _Name:
    """Stands for the type ``ndarray`` where a pickle names it; it can be neither called nor set."""

    __slots__ = ()


# Instances without attributes, so that no pickle can change what the next one is read with.
_NDARRAY = _Name()
_ADMITTED: dict[str, object] = {
    "numpy.ndarray": _NDARRAY,
    "numpy.dtype": np.dtype,
    "numpy.core.multiarray._reconstruct": _EmptyArray(),
    "numpy._core.multiarray._reconstruct": _EmptyArray(),
    "numpy.core.numeric._frombuffer": _FromBuffer(),
    "numpy._core.numeric._frombuffer": _FromBuffer(),
    "_codecs.encode": _Latin1(),
}


class ArrayUnpickler(pickle.Unpickler):
    """An unpickler to which NumPy arrays and plain containers are all there is."""

    def find_class(self, module: str, name: str) -> Any:
        """The function of that name, if it is one that pickled arrays need."""
        try:
            return _ADMITTED[f"{module}.{name}"]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None


def load_restricted(raw: bytes, where: str) -> object:
    """What a pickle of arrays and plain containers holds; nothing in it is executed.

    Raises:
        UserError: the pickle is damaged or asks for anything else.
    """
    try:
        _scan(raw)
        return ArrayUnpickler(io.BytesIO(raw), encoding="latin1").load()
    except Exception as error:  # a hostile pickle can raise anything from inside the unpickler
        raise UserError(
            f"{where}: refused: {one_line(error)}; "
            "only pickles of NumPy arrays and plain containers are read"
        ) from error


def _scan(raw: bytes) -> None:
    """Refuse opcodes that arrays do not need, and memo places that would fill the memory."""
    for opcode, argument, _ in pickletools.genops(raw):
        if opcode.name in FORBIDDEN:
            raise pickle.UnpicklingError(f"it has the opcode {opcode.name}")
        if opcode.name in MEMO and isinstance(argument, int) and argument > len(raw):
            raise pickle.UnpicklingError(f"it has a memo place {argument}")


def load(path: Path, name: str) -> Dataset:
    """The data set in Theano's three-tuple, or in the pair of dicts of Diehl & Cook's code.

    Given one file of the pair, the other is looked for beside it.

    Raises:
        UserError: the file is damaged, refused, of another form, or its partner is missing.
    """
    content = load_restricted(read_bytes(path), str(path))
    if isinstance(content, dict):
        first, second = _partners(path)
        return make_dataset(name, _from_dict(first), _from_dict(second), path)
    pairs = _three_pairs(content, path)
    pixels = np.concatenate([pair[0] for pair in pairs[:2]])
    labels = np.concatenate([pair[1] for pair in pairs[:2]])
    return make_dataset(name, (pixels, labels), pairs[2], path)


def _three_pairs(content: object, path: Path) -> list[Pair]:
    rule = "three pairs (pixels, labels) or a dict with x, y, rows, cols"
    if not isinstance(content, (tuple, list)) or len(content) != 3:
        raise UserError(f"{path}: it holds a {type(content).__name__}; expected {rule}")
    pairs = []
    for pair in content:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise UserError(f"{path}: a part is no pair; expected {rule}")
        pixels, labels = _pixels(pair[0], path), _labels(pair[1], path)
        if not len(pixels) or len(pixels) != len(labels):
            raise UserError(
                f"{path}: a part has {len(pixels)} images and {len(labels)} labels; "
                "there must be one each, and some"
            )
        pairs.append((pixels, labels))
    if pairs[0][0].shape[1:] != pairs[1][0].shape[1:]:
        raise UserError(f"{path}: training and validation images differ in shape")
    return pairs


def _partners(path: Path) -> tuple[Path, Path]:
    """The training and the testing file, given either."""
    for word, partner in (("train", "test"), ("test", "train")):
        if path.name.startswith(word):
            beside = sorted(path.parent.glob(f"{partner}*.p*k*l*"))
            if not beside:
                raise UserError(f"{path}: its partner {partner}*.pickle[.gz] is missing beside it")
            return (path, beside[0]) if word == "train" else (beside[0], path)
    raise UserError(f"{path}: a dict pickle; name the pair training.pickle and testing.pickle")


def _from_dict(path: Path) -> Pair:
    content = load_restricted(read_bytes(path), str(path))
    if not isinstance(content, dict) or not {"x", "y", "rows", "cols"} <= set(content):
        raise UserError(f"{path}: expected a dict with x, y, rows, cols")
    pixels, labels = _pixels(content["x"], path), _labels(content["y"], path)
    rows, cols = content["rows"], content["cols"]
    if not isinstance(rows, int) or not isinstance(cols, int) or rows * cols != N_PIXELS:
        raise UserError(f"{path}: rows x cols is {rows!r} x {cols!r}; the networks take 28 x 28")
    return pixels, labels


def _pixels(value: object, path: Path) -> NDArray[np.generic]:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or value.ndim < 2:
        raise UserError(f"{path}: pixels must be an array of numbers, an image a row")
    return value


def _labels(value: object, path: Path) -> NDArray[np.generic]:
    """Labels as an array, or as the list of one-element lists of Diehl & Cook's code; [n]."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
        if value.ndim == 1 or (value.ndim == 2 and value.shape[1] == 1):
            return value.reshape(-1)
    elif isinstance(value, (list, tuple)) and len(value) <= MAX_LABELS:
        flat = [
            entry[0] if isinstance(entry, (list, tuple, np.ndarray)) and len(entry) == 1 else entry
            for entry in value
        ]
        if all(isinstance(entry, (int, np.integer)) for entry in flat):
            return np.array([min(max(int(entry), -1), 255) for entry in flat], np.int64)
    raise UserError(f"{path}: labels must be integers, one an image")


def save(dataset: Dataset, path: Path) -> list[Path]:
    """Write Theano's three-tuple (pixels / 256 as float32); returns the path written."""
    n = min(N_THEANO_TRAIN, len(dataset.train) * 5 // 6)
    parts = (dataset.train.take(slice(0, n)), dataset.train.take(slice(n, None)), dataset.test)
    content = tuple(
        (part.pixels.astype(np.float32) / 256, part.labels.astype(np.int64)) for part in parts
    )
    raw = pickle.dumps(content, protocol=2)
    # The name that every NumPy knows; it stands once, before the first array's data.
    raw = raw.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n", 1)
    write_bytes(path, pack(raw))
    return [path]
