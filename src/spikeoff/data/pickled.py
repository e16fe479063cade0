"""Pickled MNIST, read by an unpickler that admits arrays and plain containers and nothing else.

Two forms are in circulation: Theano's ``mnist.pkl.gz``, three pairs (train, validation, test) of
pixels and labels; and the pair of files of Diehl & Cook's code, ``training`` and ``testing``,
each a dict ``{'x', 'y', 'rows', 'cols'}``.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
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


def _empty_array(kind: object, shape: object, _type_code: object) -> NDArray[np.generic]:
    """NumPy's ``_reconstruct`` as every pickled array calls it: an empty array, filled later."""
    if kind is not np.ndarray or shape not in ((0,), 0):
        raise pickle.UnpicklingError("an array is made in an unusual way")
    return np.empty(0, np.int8)


def _latin1(text: object, encoding: object = "latin1") -> bytes:
    """``_codecs.encode`` as protocol-2 pickles call it to restore bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        raise pickle.UnpicklingError("bytes are restored in an unusual way")
    return text.encode("latin1")


def _from_buffer(
    buffer: object, dtype: np.dtype[Any], shape: tuple[int, ...], order: str
) -> NDArray[np.generic]:
    """NumPy's ``_frombuffer`` as protocol-5 pickles call it."""
    if not isinstance(buffer, (bytes, bytearray)) or order not in ("C", "F"):
        raise pickle.UnpicklingError("an array is made in an unusual way")
    return np.frombuffer(buffer, dtype).reshape(shape, order="C" if order == "C" else "F")


_ADMITTED: dict[str, Callable[..., object]] = {
    "numpy.ndarray": np.ndarray,
    "numpy.dtype": np.dtype,
    "numpy.core.multiarray._reconstruct": _empty_array,
    "numpy._core.multiarray._reconstruct": _empty_array,
    "numpy.core.numeric._frombuffer": _from_buffer,
    "numpy._core.numeric._frombuffer": _from_buffer,
    "_codecs.encode": _latin1,
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
        return ArrayUnpickler(io.BytesIO(raw), encoding="latin1").load()
    except UserError:
        raise
    except Exception as error:  # a hostile pickle can raise anything from inside the unpickler
        raise UserError(
            f"{where}: refused: {one_line(error)}; "
            "only pickles of NumPy arrays and plain containers are read"
        ) from error


def load(path: Path, name: str) -> Dataset:
    """The data set in Theano's three-tuple, or in the pair of dicts of Diehl & Cook's code.

    Given one file of the pair, the other is looked for beside it.

    Raises:
        UserError: the file is damaged, refused, of another form, or its partner is missing.
    """
    content = load_restricted(read_bytes(path), str(path))
    if isinstance(content, dict):
        first, second = _partners(path)
        return make_dataset(name, _from_dict(first), _from_dict(second))
    pairs = _three_pairs(content, path)
    pixels = np.concatenate([pair[0] for pair in pairs[:2]])
    labels = np.concatenate([pair[1] for pair in pairs[:2]])
    return make_dataset(name, (pixels, labels), pairs[2])


def _three_pairs(content: object, path: Path) -> list[Pair]:
    rule = "three pairs (pixels, labels) or a dict with x, y, rows, cols"
    if not isinstance(content, (tuple, list)) or len(content) != 3:
        raise UserError(f"{path}: it holds a {type(content).__name__}; expected {rule}")
    pairs = []
    for pair in content:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise UserError(f"{path}: a part is no pair; expected {rule}")
        pairs.append((_array(pair[0], path), _array(pair[1], path)))
    if any(len(pixels) == 0 for pixels, _ in pairs):
        raise UserError(f"{path}: a part is empty; expected {rule}")
    if (
        len({pixels.shape[1:] for pixels, _ in pairs[:2]}) > 1
        or pairs[0][1].ndim != pairs[1][1].ndim
    ):
        raise UserError(f"{path}: training and validation part differ in shape")
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
    pixels, labels = _array(content["x"], path), _array(content["y"], path)
    rows, cols = content["rows"], content["cols"]
    if not isinstance(rows, int) or not isinstance(cols, int) or rows * cols != N_PIXELS:
        raise UserError(f"{path}: rows x cols is {rows!r} x {cols!r}; the networks take 28 x 28")
    return pixels, labels


def _array(value: object, path: Path) -> NDArray[np.generic]:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise UserError(f"{path}: pixels or labels of uneven lengths") from error
    if array.dtype.kind not in "iuf" or array.ndim == 0:
        raise UserError(f"{path}: pixels and labels must be numbers, found {array.dtype}")
    return array


def save(dataset: Dataset, path: Path) -> list[Path]:
    """Write Theano's three-tuple (pixels / 256 as float32); returns the path written."""
    n = min(N_THEANO_TRAIN, len(dataset.train) * 5 // 6)
    parts = (dataset.train.take(slice(0, n)), dataset.train.take(slice(n, None)), dataset.test)
    content = tuple(
        (part.pixels.astype(np.float32) / 256, part.labels.astype(np.int64)) for part in parts
    )
    write_bytes(path, pack(pickle.dumps(content, protocol=2)))
    return [path]
