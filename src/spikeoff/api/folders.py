"""Folders that last as long as the objects that need them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


@dataclass(frozen=True)
class Place:
    """A folder for results.

    path: the folder.
    keeper: removes it once nothing refers to this; None for a folder that stays.
    """

    path: Path
    keeper: TemporaryDirectory[str] | None = None


def place_at(path: str | os.PathLike[str] | None) -> Place:
    """The folder at ``path``; without one, a temporary folder."""
    if path is not None:
        return Place(Path(path).expanduser())
    keeper = TemporaryDirectory(prefix="spikeoff-", ignore_cleanup_errors=True)
    return Place(Path(keeper.name) / "results", keeper)
