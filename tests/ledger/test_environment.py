"""What a record says of the machine, against what the system says."""

from __future__ import annotations

import mmap
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from spikeoff.ledger import environment as module
from spikeoff.ledger.environment import available_cores, cpu_name, environment, git_revision
from spikeoff.ledger.memory import peak_device_bytes, peak_resident_bytes, resident_bytes
from spikeoff.ledger.operations import Operations

ROOT = Path(__file__).parents[2]


def test_versions_threads_and_device_are_those_of_the_run() -> None:
    pytest.importorskip("torch")
    found = environment(3, "cpu", ["scipy", "no-such-library"])
    assert (found["threads"], found["device"], found["gpu"]) == (3, "cpu", None)
    assert found["python"] == platform.python_version()
    libraries = found["libraries"]
    assert libraries["no-such-library"] is None
    for name in ("numpy", "numba", "torch", "scikit-learn", "scipy"):
        assert libraries[name] == version(name)
    assert 1 <= found["cores"] == available_cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="needs Linux")
def test_the_processor_has_the_systems_name() -> None:
    known = Path("/proc/cpuinfo").read_text()
    named = re.search(r"^model name\s*: (.*)$", known, re.MULTILINE)
    assert cpu_name() == (
        named.group(1).strip() if named else platform.processor() or os.uname()[4]
    )


def test_cores_and_threads_never_exceed_the_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "whole_cpus", lambda: 1)
    assert available_cores() == 1
    monkeypatch.setattr(module, "whole_cpus", lambda: None)
    assert 1 <= available_cores() <= psutil.cpu_count()
    monkeypatch.setattr(module, "available_cores", lambda: 8)
    for given, threads in (("3", 3), ("2,4", 2), ("99", 8), ("0", 8), ("many", 8), ("", 8)):
        monkeypatch.setenv("OMP_NUM_THREADS", given)
        assert module.default_threads() == threads


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs a checkout")
def test_the_commit_is_gits() -> None:
    assert re.fullmatch(r"[0-9a-f]{40}\+?", git_revision() or "")


def test_a_commit_is_marked_once_its_source_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "src" / "spikeoff" / "ledger" / "environment.py"
    source.parent.mkdir(parents=True)
    source.write_text("before")
    monkeypatch.setattr(module, "__file__", str(source))
    (tmp_path / ".git").mkdir()
    assert git_revision() is None  # no repository yet
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init"], ["add", "."], ["commit", "-m", "before"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    (tmp_path / "notes").write_text("not tracked")
    assert git_revision() == head.stdout.strip()
    source.write_text("after")
    assert git_revision() == head.stdout.strip() + "+"


def test_memory_is_counted_in_bytes() -> None:
    before = resident_bytes()
    held = np.frombuffer(mmap.mmap(-1, 50_000_000), np.uint8)  # no memory that was freed before
    held[:] = 1
    assert 40_000_000 < resident_bytes() - before < 200_000_000
    assert resident_bytes() <= peak_resident_bytes() * 1.01
    assert peak_resident_bytes() < psutil.virtual_memory().total
    assert held.any()
    assert peak_device_bytes("cpu") is None


@pytest.mark.parametrize(("platform", "unit"), [("linux", 1024), ("darwin", 1)])
def test_the_peak_is_told_in_the_systems_unit(
    monkeypatch: pytest.MonkeyPatch, platform: str, unit: int
) -> None:
    """getrusage(2): kilobytes on Linux, bytes on macOS."""
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("resource.getrusage", lambda _: SimpleNamespace(ru_maxrss=5))
    assert peak_resident_bytes() == 5 * unit


def test_training_costs_three_products_of_two_operations_per_weight() -> None:
    assert Operations(1000.0, 0.0, 0.0, 0.0).training_flops(7) == 3 * 2 * 1000 * 7
