"""Limits of control groups, in trees laid out as the kernel's documentation describes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeoff.contenders.hardware import thread_count
from spikeoff.errors import UserError
from spikeoff.ledger import environment, limits

GIB = 1 << 30


def system(
    tmp_path: Path, groups: str, mounts: dict[str, tuple[str, str]], files: dict[str, str]
) -> Path:
    """``/proc/self`` of a process in ``groups``; ``mounts`` has kind and options by mount point."""
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "cgroup").write_text(groups)
    lines = [
        f"30 24 0:26 {options.partition('|')[2] or '/'} {tmp_path / at} rw - {kind} none "
        f"rw,{options.partition('|')[0]}"
        for at, (kind, options) in mounts.items()
    ]
    (proc / "mountinfo").write_text("\n".join(lines) + "\n")
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return proc


def test_version_1_has_a_quota_and_a_period(tmp_path: Path) -> None:
    proc = system(
        tmp_path, "3:cpu,cpuacct:/a\n2:memory:/b\n",
        {"cpu": ("cgroup", "cpu,cpuacct"), "memory": ("cgroup", "memory")},
        {
            "cpu/a/cpu.cfs_quota_us": "150000\n", "cpu/a/cpu.cfs_period_us": "100000\n",
            "cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n",
            "memory/b/memory.limit_in_bytes": f"{3 * GIB}\n",
            "memory/b/memory.usage_in_bytes": f"{2 * GIB}\n",
            "memory/b/memory.stat": f"cache {GIB}\ntotal_inactive_file {GIB}\n",
            "memory/memory.limit_in_bytes": "9223372036854771712\n",
            "memory/memory.usage_in_bytes": "0\n",
        },
    )  # fmt: skip
    assert limits.cpu_quota(proc) == 1.5
    assert limits.whole_cpus(proc) == 2
    assert limits.free_memory(proc) == 2 * GIB  # files in memory are dropped when it is needed


def test_version_2_limits_by_every_group_above(tmp_path: Path) -> None:
    proc = system(
        tmp_path, "0::/job/step\n", {"all": ("cgroup2", "nsdelegate")},
        {
            "all/job/cpu.max": "50000 100000\n", "all/job/step/cpu.max": "max 100000\n",
            "all/job/memory.max": f"{GIB}\n", "all/job/memory.current": "0\n",
            "all/job/step/memory.max": "max\n", "all/job/step/memory.current": "0\n",
        },
    )  # fmt: skip
    assert limits.cpu_quota(proc) == 0.5
    assert limits.whole_cpus(proc) == 1
    assert limits.free_memory(proc) == GIB


@pytest.mark.parametrize("group", ["2:cpu:/a", "0::/a"])
def test_a_mount_of_the_other_version_limits_nothing(tmp_path: Path, group: str) -> None:
    proc = system(
        tmp_path, f"{group}\n", {"one": ("cgroup", "cpu"), "two": ("cgroup2", "nsdelegate")},
        {
            "one/a/cpu.cfs_quota_us": "50000\n", "one/a/cpu.cfs_period_us": "100000\n",
            "two/a/cpu.max": "150000 100000\n",
        },
    )  # fmt: skip
    assert limits.cpu_quota(proc) == (0.5 if "cpu" in group else 1.5)


def test_a_container_sees_its_own_group_as_the_top(tmp_path: Path) -> None:
    proc = system(
        tmp_path, "0::/docker/1a2b\n", {"all": ("cgroup2", "x|/docker/1a2b")},
        {"all/cpu.max": "200000 100000\n"},
    )  # fmt: skip
    assert limits.cpu_quota(proc) == 2
    assert limits.free_memory(proc) is None


def test_nothing_is_free_above_the_limit(tmp_path: Path) -> None:
    proc = system(
        tmp_path, "0::/job\n", {"all": ("cgroup2", "nsdelegate")},
        {"all/job/memory.max": f"{GIB}\n", "all/job/memory.current": f"{GIB + 4096}\n"},
    )  # fmt: skip
    assert limits.free_memory(proc) == 0


def test_a_mount_that_is_not_understood_hides_no_other(tmp_path: Path) -> None:
    proc = system(
        tmp_path, "0::/job\n", {"all": ("cgroup2", "nsdelegate")},
        {"all/job/cpu.max": "50000 100000\n"},
    )  # fmt: skip
    mounts = proc / "mountinfo"
    mounts.write_text(f"garbage\n{mounts.read_text()}")
    assert limits.cpu_quota(proc) == 0.5


@pytest.mark.parametrize("content", ["", "\n", "garbage", "0::\n:::"])
def test_without_groups_nothing_is_limited(tmp_path: Path, content: str) -> None:
    proc = system(tmp_path, content, {}, {})
    (proc / "mountinfo").write_text(content)
    assert limits.cpu_quota(proc) is limits.free_memory(proc) is None


def test_threads_follow_the_quota_and_then_openmp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(environment, "whole_cpus", lambda: 3)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert thread_count(None) == 3
    for given, threads in (("2", 2), ("2,4", 2), ("16", 3), ("0", 3), ("", 3), ("many", 3)):
        monkeypatch.setenv("OMP_NUM_THREADS", given)
        assert thread_count(None) == threads
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert thread_count(3) == 3
    with pytest.raises(UserError, match="at most 3"):
        thread_count(4)
