"""What control groups of Linux leave to this process: CPU time and memory.

A process is in a group of each hierarchy, and every group above that one limits it too. Version 1
has a hierarchy per resource; version 2 has one. joblib and psutil look at the top group only.

Source: Linux kernel documentation, "Control Group v2" and "Control Groups version 1".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PROC = Path("/proc/self")

UNLIMITED = 1 << 60
"""Version 1 writes a number of this size, or above, where memory has no limit."""


def cpu_quota(proc: Path = PROC) -> float | None:
    """The CPUs' worth of time that this process may use; None without a limit."""
    quotas = []
    for folder in _groups("cpu", proc):
        whole = _read(folder / "cpu.max").split() or [
            _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us"),
        ]  # fmt: skip
        quota, period = (_number(text) for text in (*whole, "")[:2])
        if quota and period and quota > 0:
            quotas.append(quota / period)
    return min(quotas, default=None)


def free_memory(proc: Path = PROC) -> int | None:
    """Bytes that this process may still take; None without a limit."""
    free = []
    for folder in _groups("memory", proc):
        for limit_name, used_name in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            limit, used = _number(_read(folder / limit_name)), _number(_read(folder / used_name))
            if limit is not None and used is not None and limit < UNLIMITED:
                free.append(max(0, limit - max(0, used - _reclaimable(folder))))
    return min(free, default=None)


def _groups(controller: str, proc: Path) -> Iterator[Path]:
    """Folders of the groups that limit this process, from its own upwards, in both versions."""
    of_process: dict[str, str] = {}
    for line in _read(proc / "cgroup").splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        of_process |= dict.fromkeys(controllers.split(","), path)  # version 2 names none: ""
    for line in _read(proc / "mountinfo").splitlines():
        words = line.split()
        if " - " not in line or len(words) < 5:
            continue
        root, mount = words[3], Path(words[4])
        kind, *_, options = line.partition(" - ")[2].split()
        name = {"cgroup2": "", "cgroup": controller}.get(kind)
        if name is None or name not in of_process or (name and name not in options.split(",")):
            continue
        group = PurePosixPath(of_process[name])
        # A container may see its own group as the top of the mount.
        parts = group.relative_to(root).parts if group.is_relative_to(root) else ()
        for depth in range(len(parts), -1, -1):
            yield mount.joinpath(*parts[:depth])


def _reclaimable(folder: Path) -> int:
    """Bytes of files that the system drops when memory is needed."""
    facts = dict(line.split()[:2] for line in _read(folder / "memory.stat").splitlines() if line)
    return _number(facts.get("total_inactive_file", facts.get("inactive_file", "0"))) or 0


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:  # "max", or nothing
        return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def whole_cpus(proc: Path = PROC) -> int | None:
    """``cpu_quota``, rounded up to whole CPUs, at least one; None without a limit."""
    quota = cpu_quota(proc)
    return None if quota is None else max(1, math.ceil(quota))
