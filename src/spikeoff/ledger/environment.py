"""The conditions of a run: hardware, system, versions, threads."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "numba", "torch", "scikit-learn")


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
        "libraries": {name: _version(name) for name in (*LIBRARIES, *further)},
        "threads": threads,
    }


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
