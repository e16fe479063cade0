"""One array of numbers in NumPy's ``.npy``."""

from __future__ import annotations

import io
import math
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.errors import UserError, one_line
from spikeoff.files import MAX_BYTES, read_bytes, whole_file

MAX_HEADER = 128
"""Bytes that NumPy's header of a plain array takes."""


def read_array(path: Path) -> NDArray[np.generic]:
    """The array of numbers in a ``.npy``, plain or gzip; it is read-only.

    The array is a view of the bytes read, so a header cannot ask for more memory than they take.

    Raises:
        UserError: the file is missing, too large or damaged, or holds anything but numbers.
    """
    return parse(read_bytes(path), str(path))


def parse(raw: bytes, where: str, *, text: bool = False) -> NDArray[np.generic]:
    """The array in the bytes of a ``.npy``, as a view of them; it is read-only.

    Args:
        raw: the bytes.
        where: says in messages where they are from.
        text: whether the array may be of text instead of numbers.

    Raises:
        UserError: they are damaged, or hold anything but numbers.
    """
    shape, fortran, dtype, start = _header(raw, where)
    if dtype.kind not in ("biufUS" if text else "biuf"):
        kinds = "numbers or text, as array.astype(str) makes," if text else "numbers"
        raise UserError(f"{where}: it holds {str(dtype)[:60]}; only arrays of {kinds} are read")
    if min(shape, default=0) < 0:
        raise _damaged(where, ValueError("a length is negative"))
    promised, found = math.prod(shape) * dtype.itemsize, len(raw) - start
    if promised > found:
        # Python refuses to print a product of thousands of digits, so it is left out.
        raise UserError(
            f"{where}: the file ends early ({found} bytes of data, its header promises more); "
            "write or fetch it again"
        )
    if promised < found:
        raise UserError(
            f"{where}: {found - promised} bytes follow the end of the array; "
            "write or fetch it again"
        )
    try:
        return np.ndarray(shape, dtype, raw, start, order="F" if fortran else "C")
    except (ValueError, OverflowError) as error:  # lengths beyond any array's, beside one of 0
        raise _damaged(where, error) from error


def _header(raw: bytes, where: str) -> tuple[tuple[int, ...], bool, np.dtype[np.generic], int]:
    """Shape, whether columns come first, type of number, and where the data start."""
    stream = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call]
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version[0]}.{version[1]} of the format holds no numbers")
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        with warnings.catch_warnings():  # Python 2 wrote lengths as 784L, of which NumPy warns
            warnings.simplefilter("ignore", UserWarning)
            shape, fortran, dtype = read(stream)  # type: ignore[no-untyped-call]
    except Exception as error:  # NumPy's header parser raises whatever its parts do
        raise _damaged(where, error) from error
    return shape, fortran, dtype, stream.tell()


def _damaged(where: str, error: Exception) -> UserError:
    return UserError(f"{where}: not a readable .npy ({one_line(error)}); write or fetch it again")


def write_array(path: Path, array: NDArray[np.generic]) -> None:
    """Write an array of numbers as ``.npy``, whole or not at all.

    Raises:
        UserError: the array is larger than ``read_array`` reads, or the folder cannot be written.
    """
    if array.nbytes + MAX_HEADER > MAX_BYTES:
        raise UserError(
            f"{path}: the array takes {array.nbytes} bytes; files of more than "
            f"{MAX_BYTES >> 30} GiB are not read again, so take a smaller one"
        )
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)
