"""The terminal, or what stands in for one."""

from __future__ import annotations

import io
import sys
from importlib.util import find_spec
from typing import IO, Any, TextIO, cast

from rich.console import Console

PIPED_WIDTH = 144
"""Columns of a table that goes into a file or a pipe."""


class _Lasting:
    """A stream that may be closed at its other end: what is written from then on is dropped.

    So a run outlives the terminal that it was started from, and the reader of its pipe.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._closed = stream, False

    def write(self, text: str) -> int:
        if not self._closed:
            try:
                return self._stream.write(text)
            except (OSError, ValueError):
                self._closed = True
        return len(text)

    def flush(self) -> None:
        if not self._closed:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._closed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def output_console() -> Console:
    """Standard output; as wide as the terminal, wide enough for tables elsewhere."""
    console = Console(file=cast(IO[str], _Lasting(sys.stdout)))
    return console if console.is_terminal else Console(file=console.file, width=PIPED_WIDTH)


def error_console() -> Console:
    """Standard error, for progress; in a notebook its output, where rich can update lines in it.

    That takes ipywidgets. A notebook without them gets plain lines.
    """
    bare = find_spec("ipywidgets") is None
    file = cast(IO[str], _Lasting(sys.stderr))
    return Console(file=file, force_jupyter=False if bare else None)


def silent_console() -> Console:
    """Shows nothing."""
    return Console(file=io.StringIO(), quiet=True, force_jupyter=False)
