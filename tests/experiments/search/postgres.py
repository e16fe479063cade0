"""A PostgreSQL server of one's own: started in a new folder as an unprivileged user, then gone."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

READY_S = 60.0


def programs() -> Path | None:
    """The folder with PostgreSQL's programs, of the newest version where several are installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The URL of a server that listens on a socket in its folder alone."""
    binaries = programs()
    assert binaries is not None, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    who = _unprivileged(folder)
    data = folder / "data"
    subprocess.run(
        [binaries / "initdb", "--pgdata", data, "--auth", "trust", "--username", "spikeoff",
         "--no-sync", "--encoding", "UTF8", "--locale", "C"],
        check=True, capture_output=True, cwd=folder, **who,
    )  # fmt: skip
    settings = {"listen_addresses": "", "unix_socket_directories": folder, "fsync": "off"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, *options], cwd=folder, stdout=log, stderr=log, **who
        )
        try:
            _wait(binaries, folder, process)
            yield f"postgresql+psycopg://spikeoff@/postgres?host={folder}"
        finally:
            process.send_signal(signal.SIGINT)  # ends all connections, and itself
            process.wait(READY_S)
            shutil.rmtree(folder)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Who runs the server: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _wait(binaries: Path, folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    ready = [str(binaries / "pg_isready"), "--quiet", "--host", str(folder)]
    while subprocess.run(ready, check=False).returncode:
        assert process.poll() is None, (folder / "server.log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
