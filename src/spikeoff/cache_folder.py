"""Where this package keeps what it need not make or fetch twice: kernels and data sets."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

NAME = "spikeoff"


@cache
def cache_folder() -> Path:
    """The user's cache folder; one for temporary files where there is no home, or none to write to.

    Raises:
        OSError: nor can that be used.
    """
    try:
        folder = Path(platformdirs.user_cache_dir(NAME))
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            return folder
        reason = f"{folder} cannot be written"
    except (RuntimeError, KeyError, OSError) as error:  # a user without a name has no home
        reason = str(error)
    folder = _private(Path(tempfile.gettempdir()) / _name_for_user())
    sys.stderr.write(f"spikeoff: caches are kept in {folder} ({reason}); to keep them, set "
                     "XDG_CACHE_HOME\n")  # fmt: skip
    return folder


def _name_for_user() -> str:
    return f"{NAME}-{os.getuid()}" if hasattr(os, "getuid") else NAME


def _private(folder: Path) -> Path:
    """The folder, made if need be, where nobody else may write: compiled code is loaded from it.

    Raises:
        OSError: it is another user's, or open to others.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    closed = os.name != "posix" or not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not (stat.S_ISDIR(found.st_mode) and mine and closed):
        raise PermissionError(f"{folder} belongs to another user, or others may write to it")
    return folder
