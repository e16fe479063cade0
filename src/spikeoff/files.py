"""Reading a file's bytes with a bound, and writing one whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import os
import tempfile
import tomllib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spikeoff.errors import UserError, one_line

MAX_BYTES = 1 << 30
"""No data set of this kind unpacks to more than 1 GiB; what claims to is damaged or hostile."""

MAX_TOML_BYTES = 1 << 20
"""No file that a person writes is larger."""

TEMPORARY = ".part-*"
"""The names of files that are not whole yet."""

GZIP_MAGIC = b"\x1f\x8b"


def read_bytes(path: Path) -> bytes:
    """A file's content, unpacked if it is gzip, of at most ``MAX_BYTES``.

    Raises:
        UserError: the file is missing, unreadable, empty, too large or damaged.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path}: larger than {MAX_BYTES >> 30} GiB; no such data set is known")
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not raw:
        raise UserError(f"{path}: the file is empty; fetch it again")
    return unpack(raw, str(path)) if raw.startswith(GZIP_MAGIC) else raw


def unpack(raw: bytes, where: str) -> bytes:
    """The content of a gzip stream, of at most ``MAX_BYTES``, its checksum verified.

    Raises:
        UserError: the stream is damaged, cut short, followed by other bytes or too large.
    """
    stream = zlib.decompressobj(wbits=31)
    try:
        content = stream.decompress(raw, MAX_BYTES)
    except zlib.error as error:
        raise UserError(f"{where}: damaged gzip file ({error}); fetch it again") from error
    if stream.unconsumed_tail:
        raise UserError(
            f"{where}: unpacks to over {MAX_BYTES >> 30} GiB; no such data set is known"
        )
    if not stream.eof:
        raise UserError(f"{where}: the gzip file ends early; fetch it again")
    if stream.unused_data:
        raise UserError(f"{where}: bytes follow the end of the gzip data; fetch it again")
    return content


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file of at most ``MAX_TOML_BYTES``.

    Raises:
        UserError: it is missing, unreadable, too large, or no TOML.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_TOML_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(raw) > MAX_TOML_BYTES:
        raise UserError(f"{path}: larger than {MAX_TOML_BYTES >> 20} MiB; no file of its kind is")
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # TOML, UTF-8, or a number without end
        raise UserError(f"{path}: no readable TOML ({one_line(error)}); mend the file") from error


def pack(content: bytes) -> bytes:
    """gzip without a time stamp, so that the same content gives the same file."""
    return gzip.compress(content, compresslevel=6, mtime=0)


@contextlib.contextmanager
def whole_file(path: Path, *, lasting: bool = False) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    A reader sees the old file or the new one, never a part. A ``lasting`` one is on the disk, not
    only on its way there, when the block ends.

    Raises:
        UserError: the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=TEMPORARY[:-1], suffix=path.suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {one_line(error)}") from error
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        if lasting:
            _sync(temporary)
        temporary.replace(path)
        if lasting:
            _sync(path.parent)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {one_line(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write ``content`` to ``path`` as UTF-8, whole or not at all."""
    write_bytes(path, content.encode())
