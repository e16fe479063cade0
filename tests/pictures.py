"""Figure files of runs in this process: empty, except where a test is about them.

To lay out and draw the figures of a tiny run takes longer than its training. The figures are still
composed, so what cannot be drawn from a record is found.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

_savefig = Figure.savefig


def _write_nothing(figure: Figure, target: Any, **options: Any) -> None:
    """A figure in a page, which goes to memory, is drawn as ever."""
    if isinstance(target, Path):
        target.touch()
    else:
        _savefig(figure, target, **options)


@contextlib.contextmanager
def left_empty() -> Iterator[None]:
    """The block within which figure files stay empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", _write_nothing)
        yield


@contextlib.contextmanager
def drawn() -> Iterator[None]:
    """The block within which figure files are drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", _savefig)
        yield
