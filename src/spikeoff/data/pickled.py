"""Pickled MNIST, read by an unpickler that admits arrays and plain containers and nothing else.

Two forms are in circulation: Theano's ``mnist.pkl.gz``, three pairs (train, validation, test) of
pixels and labels; and the pair of files of Diehl & Cook's code, ``training`` and ``testing``,
each a dict ``{'x', 'y', 'rows', 'cols'}``.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import Dataset, make_dataset
from spikeoff.errors import UserError, one_line
from spikeoff.files import pack, read_bytes, write_bytes

Pair = tuple[NDArray[np.generic], NDArray[np.generic]]

N_THEANO_TRAIN = 50_000
"""Theano's file splits MNIST's training part into 50,000 and 10,000."""


# Opcodes that build anything but numbers, text, containers and calls of the few names below.
FORBIDDEN = {"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID"}
MEMO = {"PUT", "BINPUT", "LONG_BINPUT"}
MAX_LABELS = 10_000_000

CODES = {"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}
BYTE_ORDERS = ("<", ">", "|", "=")
"""Types of numbers as pickles name them."""


class _Type:
    """What a pickle says of a type of numbers: its code, and later its byte order."""

    __slots__ = ("code", "order")

    def __init__(self, code: object) -> None:
        self.code, self.order = code, ""

    def __setstate__(self, state: object) -> None:
        """NumPy's (version, byte order, subtype, names, fields, size, alignment, flags, ...)."""
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in BYTE_ORDERS:
            raise pickle.UnpicklingError("a type is described in an unusual way")
        if any(part not in (None, -1, 0, 3, 4) for part in (state[0], *state[2:])):
            raise pickle.UnpicklingError("a type has parts")
        self.order = str(state[1])

    def numbers(self) -> np.dtype[Any]:
        """The type, if it is one of plain numbers."""
        if not isinstance(self.code, str) or self.code not in CODES:
            raise pickle.UnpicklingError(f"it holds {str(self.code)[:60]}, no plain numbers")
        return np.dtype(self.order + self.code if self.order in "<>" else self.code)


class _Array:
    """What a pickle says of an array, until it is looked at."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: tuple[object, ...] = ()

    def __setstate__(self, state: object) -> None:
        """NumPy's (version, shape, type, whether columns come first, values)."""
        if not isinstance(state, tuple):
            raise pickle.UnpicklingError("an array is described in an unusual way")
        self.state = state[-4:]

    def numbers(self) -> NDArray[np.generic]:
        """The array, if its parts fit each other."""
        shape, kind, fortran, values = self.state if len(self.state) == 4 else (None,) * 4
        if isinstance(values, str):  # Python 2's bytes
            values = values.encode("latin1")
        if not isinstance(kind, _Type) or not isinstance(values, bytes | bytearray):
            raise pickle.UnpicklingError("an array is described in an unusual way")
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise pickle.UnpicklingError("an array's shape is not made of lengths")
        numbers = kind.numbers()
        if math.prod(shape) * numbers.itemsize != len(values):
            raise pickle.UnpicklingError("an array's shape does not fit its values")
        return np.ndarray(shape, numbers, values, order="F" if fortran else "C")


class _MakeType:
    """NumPy's ``dtype`` as pickles call it."""

    __slots__ = ()

    def __call__(self, code: object, align: object = False, copy: object = True) -> _Type:
        del align, copy
        return _Type(code)


class _MakeArray:
    """NumPy's ``_reconstruct`` as every pickled array calls it: an empty array, filled later."""

    __slots__ = ()

    def __call__(self, kind: object, shape: object, _type_code: object) -> _Array:
        if kind is not _NDARRAY or shape not in ((0,), 0):
            raise pickle.UnpicklingError("an array is made in an unusual way")
        return _Array()


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

    def __call__(self, values: object, kind: object, shape: object, order: object) -> _Array:
        array = _Array()
        array.__setstate__((shape, kind, order == "F", values))
        return array


class _Name:
    """Stands for the type ``ndarray`` where a pickle names it; it can be neither called nor set."""

    __slots__ = ()


# NumPy's own functions are not called: what they do with a hostile description is not known.
# Instances without attributes, so that no pickle can change what the next one is read with.
_NDARRAY = _Name()
_ADMITTED: dict[str, object] = {
    "numpy.ndarray": _NDARRAY,
    "numpy.dtype": _MakeType(),
    "numpy.core.multiarray._reconstruct": _MakeArray(),
    "numpy._core.multiarray._reconstruct": _MakeArray(),
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
    n = len(pixels)
    if not isinstance(rows, int) or not isinstance(cols, int) or rows * cols * n != pixels.size:
        raise UserError(f"{path}: rows and cols do not say the size of an image in x")
    return pixels.reshape(n, rows, cols), labels


def _numbers(value: object, path: Path) -> object:
    """The array that ``value`` describes; anything else as it is."""
    if not isinstance(value, _Array):
        return value
    try:
        return value.numbers()
    except (pickle.UnpicklingError, ValueError, OverflowError) as error:
        raise UserError(f"{path}: refused: {one_line(error)}; fetch it again") from error


def _pixels(value: object, path: Path) -> NDArray[np.generic]:
    value = _numbers(value, path)
    if not isinstance(value, np.ndarray) or value.ndim < 2:
        raise UserError(f"{path}: pixels must be an array of numbers, an image a row")
    return value


def _listed(entry: object, path: Path) -> object:
    """An array among the labels as a list, if it is a short one."""
    array = _numbers(entry, path)
    return array.tolist() if isinstance(array, np.ndarray) and array.size == 1 else array


def _labels(value: object, path: Path) -> NDArray[np.generic]:
    """Labels as an array, or as the list of one-element lists of Diehl & Cook's code; [n]."""
    value = _numbers(value, path)
    if isinstance(value, np.ndarray):
        if value.ndim == 1 or (value.ndim == 2 and value.shape[1] == 1):
            return value.reshape(-1)
    elif isinstance(value, (list, tuple)) and len(value) <= MAX_LABELS:
        flat = [
            entry[0] if isinstance(entry, (list, tuple)) and len(entry) == 1 else entry
            for entry in (_listed(entry, path) for entry in value)
        ]
        whole = [min(max(entry, -1), 255) for entry in flat if isinstance(entry, int)]
        if len(whole) == len(flat):
            return np.array(whole, np.int64)
    raise UserError(f"{path}: labels must be integers, one an image")


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
