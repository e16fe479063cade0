"""JSON files of a run: written from dataclasses, read with a bound and a type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from spikeoff.errors import UserError, one_line
from spikeoff.files import write_text

T = TypeVar("T")

MAX_TEXT_BYTES = 1 << 24
"""No text file of a run is larger."""


def plain(value: Any) -> Any:
    """Dataclasses, paths and NumPy numbers as JSON has them; NaN and infinity become null."""
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=_plain))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write an object of plain values, whole or not at all."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_bounded(path: Path) -> bytes:
    """The content of a text file of a run.

    Raises:
        OSError: it cannot be read.
        ValueError: it is larger than any such file.
    """
    with path.open("rb") as stream:
        raw = stream.read(MAX_TEXT_BYTES + 1)
    if len(raw) > MAX_TEXT_BYTES:
        raise ValueError(f"over {MAX_TEXT_BYTES >> 20} MiB")
    return raw


def read_json(path: Path, kind: type[T]) -> T:
    """The object in a JSON file, its keys and types as ``kind`` has them.

    Raises:
        UserError: it is missing, damaged, or larger than any such file.
    """
    try:
        return msgspec.json.decode(read_bounded(path), type=kind)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: damaged ({one_line(error)}); run it again") from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} has no form in JSON")
