"""The conditions of a run: hardware, system, versions, threads."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from spikeoff.ledger.limits import whole_cpus

THREADS_VARIABLE = "OMP_NUM_THREADS"
"""Threads by default, as OpenMP defines it; a list has one number per level of nesting."""

LIBRARIES = ("numpy", "numba", "torch", "scikit-learn")

_AT_A_TIME = ContextVar("runs_at_a_time", default=1)


def runs_at_a_time() -> int:
    """Runs of a campaign that take place at a time, this one among them."""
    return _AT_A_TIME.get()


@contextmanager
def side_by_side(n: int) -> Iterator[None]:
    """Within, this run is one of ``n`` at a time: its times are not those of a run by itself."""
    token = _AT_A_TIME.set(n)
    try:
        yield
    finally:
        _AT_A_TIME.reset(token)


def environment(threads: int, device: str, further: Sequence[str] = ()) -> dict[str, Any]:
    """Where a run takes place, as it stands in ``summary.json``.

    Args:
        threads: of the run.
        device: where it computes.
        further: libraries beside those that every run has.
    """
    return {
        "cpu": cpu_name(),
        "cores": available_cores(),
        "gpu": gpu_name(device),
        "device": device,
        "os": platform.platform(),
        "python": platform.python_version(),
        "libraries": libraries(further),
        "threads": threads,
        "runs_at_a_time": runs_at_a_time(),
    }


def libraries(further: Sequence[str] = ()) -> dict[str, str | None]:
    """Versions of the libraries that compute, and of ``further`` ones."""
    return {name: _version(name) for name in (*LIBRARIES, *further)}


def available_cores() -> int:
    """Cores that this process may use: of the machine, or of its CPU quota if less."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(cores, whole_cpus() or cores)


def default_threads() -> int:
    """Threads of a run that names none: as OMP_NUM_THREADS says, at most one per core."""
    cores = available_cores()
    given = os.environ.get(THREADS_VARIABLE, "").partition(",")[0].strip()
    return min(cores, int(given)) if given.isdigit() and int(given) else cores


def cpu_name() -> str:
    """The processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def gpu_name(device: str) -> str | None:
    """The GPU in use, or None."""
    if not device.startswith("cuda"):
        return None
    import torch  # noqa: PLC0415 (already loaded by whoever has a device)

    return str(torch.cuda.get_device_name())


def git_revision() -> str | None:
    """The commit of the checkout that this package runs from, ``+`` if changed; None elsewhere."""
    folder = Path(__file__).resolve().parents[3]
    if not (folder / ".git").exists():
        return None
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", "src")
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
