"""Named arrays in a ``.safetensors``, with a fingerprint over all of them.

The format holds numbers only, so reading executes nothing, and takes no more memory than the file
is large. Facts that belong to the arrays stand in the header as JSON, beside a SHA-256 of names,
types, shapes, values and facts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.errors import UserError, one_line
from spikeoff.files import whole_file

Arrays = dict[str, NDArray[Any]]

KINDS = "biuf"
"""Kinds of numbers that are kept: truth values, integers, floats."""


def write_tensors(
    path: Path, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any] | None = None
) -> None:
    """Write arrays, whole or not at all; with ``facts`` also these, the fingerprint, and to disk.

    Raises:
        UserError: the file cannot be written.
    """
    from safetensors import SafetensorError  # noqa: PLC0415 (only runs write arrays)
    from safetensors.numpy import save_file  # noqa: PLC0415

    held = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    metadata = None
    if facts is not None:
        text = json.dumps(facts)
        metadata = {"facts": text, "sha256": fingerprint(held, text)}
    with whole_file(path, lasting=facts is not None) as temporary:
        try:
            save_file(held, temporary, metadata)
        except SafetensorError as error:  # so it tells of a full disk
            raise OSError(one_line(error)) from error


def read_tensors(path: Path) -> Arrays:
    """The arrays in a file.

    Raises:
        UserError: it is missing, damaged, or holds anything but numbers.
    """
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.numpy import load_file  # noqa: PLC0415

    try:
        arrays = dict(load_file(path))
    except (OSError, SafetensorError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(path, error) from error
    for name, array in arrays.items():
        if array.dtype.kind not in KINDS:
            raise _damaged(path, ValueError(f"{name!r} holds {array.dtype}, no plain numbers"))
    return arrays


def read_checked(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """The arrays and facts in a file written with facts, their fingerprint verified.

    Raises:
        UserError: it is missing, damaged, or was written without facts.
    """
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415

    arrays = read_tensors(path)
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
        text = metadata["facts"]
        if fingerprint(arrays, text) != metadata["sha256"]:
            raise ValueError("the checksum does not fit the content")
        facts = json.loads(text)
        if not isinstance(facts, dict):
            raise ValueError("the facts are no JSON object")
    except (OSError, SafetensorError, ValueError, KeyError, RecursionError) as error:
        raise _damaged(path, error) from error
    return arrays, facts


def fingerprint(arrays: Mapping[str, NDArray[Any]], text: str) -> str:
    """SHA-256 of a text and of all names, types, shapes and values."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        digest.update(f"\n{name}\n{array.dtype.str} {array.shape}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(f"{path}: damaged ({one_line(error)}); take an earlier or another one")
