"""The terminal, or what stands in for one."""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, TextIO, cast

from rich.console import Console

PIPED_WIDTH = 144
"""Columns of a table that goes into a file or a pipe."""


ASCII_SPELLING = "spikeoff.ascii"
"""Error handler of an output stream: characters that its encoding lacks are spelled in ASCII."""

SPELLED = {
    "µ": "u", "μ": "u", "±": "+-", "×": "x", "→": "->", "≤": "<=", "≥": ">=",
    "✓": "+", "≈": "~", "✗": "-", "–": "-", "—": "-", "…": ".",
}  # fmt: skip


def _spell(error: UnicodeError) -> tuple[str | bytes, int]:
    r"""ASCII for the first character that cannot be encoded, and where to go on.

    Others are escaped, as ``\xe4``; bytes of a file name that are no text stay as they are. Where
    two letters replace one between two spaces, the second space goes, so that columns stay in line.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text, at = error.object, error.start
    character, end = text[at], at + 1
    if "\udc80" <= character <= "\udcff":
        return bytes([ord(character) - 0xDC00]), end
    spelled = SPELLED.get(character)
    if spelled is None:
        return character.encode("ascii", "backslashreplace").decode("ascii"), end
    if len(spelled) == 2 and text[at - 1 : at] == " " == text[end : end + 1]:
        end += 1
    return spelled, end


codecs.register_error(ASCII_SPELLING, _spell)


def spell_what_is_missing() -> None:
    """Let this process print any text, whatever the encodings of its outputs."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ASCII_SPELLING)


READER_GONE = (errno.EPIPE, errno.EIO)
"""Errors of a stream whose reader, or terminal, has left: no failure of the program."""

lost_output: list[OSError] = []
"""Why output of this process was lost, apart from readers that left; the exit status tells."""


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
            except UnicodeEncodeError:
                encoding = self._stream.encoding
                known = text.encode(encoding, ASCII_SPELLING)
                return self._stream.write(known.decode(encoding, "replace"))
            except (OSError, ValueError) as error:
                self._close(error)
        return len(text)

    def flush(self) -> None:
        if not self._closed:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._close(error)

    def _close(self, error: OSError | ValueError) -> None:
        self._closed = True
        _note(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _note(error: OSError | ValueError) -> None:
    if isinstance(error, OSError) and error.errno not in READER_GONE:
        lost_output.append(error)


@contextlib.contextmanager
def lasting_output() -> Iterator[None]:
    """Let every print of this process, of libraries too, outlive the readers of its outputs.

    An output that was closed before the program started leads nowhere; otherwise the next file
    that is opened would get its number, and what libraries print.
    """
    with contextlib.ExitStack() as stack:
        for name, redirect in (("stdout", redirect_stdout), ("stderr", redirect_stderr)):
            stream: TextIO | None = getattr(sys, name)
            if stream is None:
                stream = stack.enter_context(Path(os.devnull).open("w"))
            stack.enter_context(redirect(cast(TextIO, _Lasting(stream))))
        yield


def write_out(stream: TextIO | None) -> None:
    """Write what a stream still holds; where that fails, nothing is left for Python's own exit."""
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError) as error:
        _note(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def output_console() -> Console:
    """Standard output; as wide as the terminal, wide enough for tables elsewhere."""
    console = Console(file=cast(IO[str], _Lasting(sys.stdout)))
    return console if console.is_terminal else Console(file=console.file, width=PIPED_WIDTH)


def error_console() -> Console:
    """Standard error, for progress; in a notebook its output, where rich can update lines in it.

    That takes ipywidgets. A notebook without them gets plain lines.
    """
    file = cast(IO[str], _Lasting(sys.stderr))
    console = Console(file=file)
    if console.is_jupyter and find_spec("ipywidgets") is None:
        # Its kernel sets FORCE_COLOR, which would make it a terminal.
        return Console(file=file, force_jupyter=False, force_terminal=False, width=PIPED_WIDTH)
    return console


def silent_console() -> Console:
    """Shows nothing."""
    return Console(file=io.StringIO(), quiet=True, force_jupyter=False)
