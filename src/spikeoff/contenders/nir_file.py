"""The file of a NIR graph: HDF5, laid out as the ``nir`` package does.

That package refuses a file with a node that it does not know, so that extension nodes need a reader
and a writer of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spikeoff.errors import UserError, one_line
from spikeoff.extras import import_extra
from spikeoff.files import whole_file

EXTRA = "nir"

IZHIKEVICH = "spikeoff.Izhikevich"
"""Type of the extension node."""

SUBTRACT = "subtract"
"""Metadata ``reset`` of a LIF node whose spike takes the threshold off, in the next step."""

MS = 1e-3
"""Seconds."""

Node = dict[str, Any]
"""The fields of a node: arrays, numbers, texts, and dictionaries of them."""


@dataclass(frozen=True)
class NIRFile:
    """What a file holds: nodes by name, pairs of names that follow one another, and metadata."""

    nodes: dict[str, Node]
    edges: tuple[tuple[str, str], ...]
    metadata: dict[str, Any]


def write(path: Path, graph: dict[str, Any]) -> None:
    """Write a graph: dictionaries, arrays, numbers and texts.

    Raises:
        UserError: the extra ``nir`` is missing, or the file cannot be written.
    """
    nir, h5py = import_extra(EXTRA, "nir"), import_extra(EXTRA, "h5py")
    with whole_file(path) as temporary, h5py.File(temporary, "w") as file:
        file.create_dataset("version", data=nir.version, dtype=h5py.string_dtype())
        _write_group(file.create_group("node"), graph, h5py)


def read(path: Path) -> NIRFile:
    """The graph in a file, extension nodes of any namespace included.

    Raises:
        UserError: it is missing, damaged, or no graph of NIR.
    """
    h5py = import_extra(EXTRA, "h5py")
    try:
        with h5py.File(path, "r") as file:
            graph = _read_group(file["node"])
        edges = tuple((_text(a), _text(b)) for a, b in graph["edges"])
        if not all(isinstance(node, dict) for node in graph["nodes"].values()):
            raise TypeError("a node has no fields")
        return NIRFile(dict(graph["nodes"]), edges, dict(graph.get("metadata", {})))
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: no readable NIR graph ({one_line(error)})") from error


def _write_group(group: Any, content: dict[str, Any], h5py: Any) -> None:
    for key, value in content.items():
        if isinstance(value, dict):
            _write_group(group.create_group(key), value, h5py)
        elif isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype == object):
            group.create_dataset(key, data=value, dtype=h5py.string_dtype())
        elif isinstance(value, np.ndarray):
            group.create_dataset(key, data=value, compression="gzip")
        else:
            group.create_dataset(key, data=value)


def _read_group(group: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in group.items():
        if hasattr(item, "items"):
            found[key] = _read_group(item)
        else:
            value = item[()]
            found[key] = _text(value) if isinstance(value, bytes) else value
    return found


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
