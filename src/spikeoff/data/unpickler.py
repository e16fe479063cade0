"""An unpickler that admits arrays and plain containers and nothing else."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.errors import UserError, one_line

# Opcodes that build anything but numbers, text, containers and calls of the few names below.
FORBIDDEN = {"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID"}
MEMO = {"PUT", "BINPUT", "LONG_BINPUT"}

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


def numbers_of(value: object, where: object) -> object:
    """The array of numbers that ``value`` describes; anything else as it is.

    Raises:
        UserError: it is no array of plain numbers, or its parts do not fit each other.
    """
    if not isinstance(value, _Array):
        return value
    try:
        return value.numbers()
    except (pickle.UnpicklingError, ValueError, OverflowError) as error:
        raise UserError(f"{where}: refused: {one_line(error)}; fetch it again") from error
