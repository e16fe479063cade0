"""Where results are kept: a local or shared folder, or an object store by URL.

A run in an object store happens in a scratch folder. What it can go on from is uploaded as it is
written, and its ``summary.json`` after everything else, so that a folder with one is whole. Names
that come from elsewhere are checked before anything is written under them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from spikeoff.errors import UserError, one_line
from spikeoff.files import TEMPORARY, write_bytes
from spikeoff.run.checkpoints import NAMES as CHECKPOINTS
from spikeoff.run.folder import LOCK, SUMMARY

PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9 @=,+_.-]*")
"""What a file or folder in a run's folder may be called."""

MAX_DEPTH, MAX_NAME = 4, 200
MAX_FILES = 10_000
MAX_FILE_BYTES = 1 << 32
MAX_SMALL_BYTES = 1 << 24


def is_url(where: str) -> bool:
    """Whether results go to an object store rather than a folder."""
    return "://" in where and not where.startswith("file://")


class Storage(ABC):
    """Files by name, below one place; folders are parts of names, parted by ``/``."""

    where: str
    """The folder's absolute path, or the URL."""

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """A small file's content; None where there is none."""

    @abstractmethod
    def write(self, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all."""

    @abstractmethod
    def fetch(self, place: str, folder: Path) -> None:
        """Bring the files of the run in ``place`` into a local folder."""


class LocalStorage(Storage):
    """A folder of this machine, or one that it shares with others."""

    def __init__(self, path: Path) -> None:
        self.path, self.where = path, str(path.absolute())

    def read(self, name: str) -> bytes | None:
        """A small file's content; None where there is none."""
        path = self.path / name
        try:
            with path.open("rb") as stream:
                content = stream.read(MAX_SMALL_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
        return _small(content, str(path))

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all."""
        write_bytes(self.path / name, content)

    def fetch(self, place: str, folder: Path) -> None:
        """Link the files, which nobody changes any more; copy them where links are not to be had.

        Raises:
            UserError: they cannot be read, or the folder cannot be written.
        """
        source = self.path / place
        with _refusing(str(source), "taken over"):
            found = [one for one in source.rglob("*") if one.is_file() and not one.is_symlink()]
            for one in sorted(found, key=lambda path: (path.name == SUMMARY, path)):
                name = one.relative_to(source).as_posix()
                if not _passing(one.name):
                    _link(one, _inside(folder, name, str(source)))


class RemoteStorage(Storage):
    """An object store, through fsspec."""

    def __init__(self, url: str) -> None:
        """Open the store; nothing is asked of it yet.

        Raises:
            UserError: the URL is none that fsspec knows, or its library is not installed.
        """
        try:
            from fsspec.core import url_to_fs  # noqa: PLC0415 (an extra)
        except ImportError as error:
            raise UserError(f"{url}: needs pip install 'spikeoff[storage]'") from error
        if "::" in url:
            raise UserError(f"{url}: `::` joins several stores; name one")
        try:
            self._fs, root = url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
        except (ValueError, ImportError) as error:
            raise UserError(f"{url}: cannot be opened ({one_line(error)})") from error
        self.where, self._root = url.rstrip("/"), str(root).rstrip("/")
        self._sent: dict[str, tuple[int, int]] = {}

    def read(self, name: str) -> bytes | None:
        """A small file's content; None where there is none."""
        with _refusing(f"{self.where}/{name}", "read"):
            try:
                with self._fs.open(f"{self._root}/{name}", "rb") as stream:
                    content = stream.read(MAX_SMALL_BYTES + 1)
            except FileNotFoundError:
                return None
        return _small(bytes(content), f"{self.where}/{name}")

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all."""
        with _refusing(f"{self.where}/{name}", "written"):
            self._fs.pipe_file(f"{self._root}/{name}", content)

    def fetch(self, place: str, folder: Path) -> None:
        """Download the files of a run, ``summary.json`` last.

        Raises:
            UserError: the store cannot be read, or holds what no run writes.
        """
        base = f"{self._root}/{place}"
        with _refusing(f"{self.where}/{place}", "read"):
            try:
                listed: dict[str, Any] = self._fs.find(base, detail=True)
            except FileNotFoundError:
                listed = {}
        if len(listed) > MAX_FILES:
            raise UserError(f"{self.where}/{place}: over {MAX_FILES} files; no run writes so many")
        for found in sorted(listed, key=lambda name: (name.endswith(f"/{SUMMARY}"), name)):
            name = found.removeprefix(f"{base}/").lstrip("/")
            if _passing(name):
                continue
            target = _inside(folder, name, f"{self.where}/{place}")
            if int(listed[found].get("size") or 0) > MAX_FILE_BYTES:
                raise UserError(
                    f"{self.where}/{place}/{name}: larger than {MAX_FILE_BYTES >> 30} GiB; "
                    "no run writes such a file"
                )
            with _refusing(f"{self.where}/{place}/{name}", "fetched"):
                target.parent.mkdir(parents=True, exist_ok=True)
                self._fs.get_file(found, str(target))

    def send(self, folder: Path, place: str) -> None:
        """Upload what has changed in a run's folder since the last time, ``summary.json`` last.

        Once that is there, checkpoints are removed.

        Raises:
            UserError: the store cannot be written.
        """
        for path in sorted(folder.rglob("*"), key=_order):
            if not path.is_file() or _passing(path.name):
                continue
            state = path.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            name = f"{place}/{path.relative_to(folder).as_posix()}"
            if self._sent.get(name) != stamp:
                with _refusing(f"{self.where}/{name}", "written"):
                    self._fs.put_file(str(path), f"{self._root}/{name}")
                self._sent[name] = stamp
        if (folder / SUMMARY).is_file():
            for name in CHECKPOINTS:
                with contextlib.suppress(FileNotFoundError), _refusing(self.where, "cleared"):
                    if self._fs.exists(f"{self._root}/{place}/{name}"):
                        self._fs.rm_file(f"{self._root}/{place}/{name}")


def open_storage(where: str) -> Storage:
    """The storage at a path or URL.

    Raises:
        UserError: the URL is none that fsspec knows, or its library is not installed.
    """
    if is_url(where):
        return RemoteStorage(where)
    if where.startswith("file://"):
        parts = urlsplit(where)
        if parts.netloc not in ("", "localhost"):
            raise UserError(f"{where}: names another machine; write file:/// and a path")
        return LocalStorage(Path(unquote(parts.path)))
    return LocalStorage(Path(where))


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for what is on its way to or from an object store; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="spikeoff-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _order(path: Path) -> tuple[int, str]:
    """Checkpoints after what they belong to, the record after all."""
    return (2 if path.name == SUMMARY else 1 if path.name in CHECKPOINTS else 0, str(path))


def _passing(name: str) -> bool:
    """Whether a file is only there while a process writes."""
    return Path(name).name == LOCK or fnmatch(Path(name).name, TEMPORARY)


def _inside(folder: Path, name: str, where: str) -> Path:
    """The path of a file that someone else named, below ``folder``.

    Raises:
        UserError: the name is none that a run gives, such as one that leads out of the folder.
    """
    parts = name.split("/")
    good = all(PART.fullmatch(part) for part in parts)
    if not good or len(parts) > MAX_DEPTH or len(name) > MAX_NAME:
        raise UserError(
            f"{where}: holds {name[:60]!r}, which is no name of a run's file; remove it there"
        )
    return folder.joinpath(*parts)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        shutil.copyfile(source, target)


def _small(content: bytes, where: str) -> bytes:
    if len(content) > MAX_SMALL_BYTES:
        raise UserError(f"{where}: larger than {MAX_SMALL_BYTES >> 20} MiB; no such file is")
    return content


@contextlib.contextmanager
def _refusing(where: str, doing: str) -> Iterator[None]:
    """Turn a store's own exceptions, of whatever library, into one line."""
    try:
        yield
    except (UserError, MemoryError, FileNotFoundError):
        raise
    except Exception as error:
        raise UserError(f"{where}: cannot be {doing}: {one_line(error)}") from error
