"""Hostile files: each is read, or refused in one line, and nothing in it is executed."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikeoff.data import load_dataset, npz
from spikeoff.data.unpickler import load_restricted
from spikeoff.errors import UserError
from tests.fuzz.readers import CORPUS, READERS, WATCH, examine

FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What readers import when they are first used is no fault of a file."""
    for path in FILES:
        READERS[path.parent.name](tmp_path_factory.mktemp("warm"), path.read_bytes())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_corpus(path: Path, tmp_path: Path) -> None:
    examine(path.parent.name, tmp_path, path.read_bytes())


def test_every_reader_has_a_corpus() -> None:
    assert {path.parent.name for path in FILES} == READERS.keys()


@pytest.mark.slow
@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), path=st.sampled_from(FILES))
def test_any_damage_is_read_or_refused(data: st.DataObject, path: Path, tmp_path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        stop = at + data.draw(st.integers(0, 8))
        raw[at:stop] = data.draw(st.binary(max_size=8))
    examine(path.parent.name, tmp_path, bytes(raw))


class Hostile:
    """Pickles to a call of os.mkdir."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.target),))


def test_the_watch_sees_what_a_hostile_pickle_would_do(tmp_path: Path) -> None:
    raw = pickle.dumps(Hostile(tmp_path / "executed"))
    WATCH.seen.clear()
    with WATCH, pytest.raises(UserError, match=r"refused: it asks for \w+\.mkdir"):
        load_restricted(raw, "here")
    assert not WATCH.seen
    with WATCH:
        pickle.loads(raw)
    assert any(event.startswith("os.mkdir") for event in WATCH.seen)


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    WATCH.seen.clear()
    inside = tmp_path / "inside"
    inside.mkdir()
    with zipfile.ZipFile(inside / "mnist.npz", "w") as archive:
        for key in npz.KEYS:
            archive.writestr(f"../{key}.npy", b"x")
    with WATCH, pytest.raises(UserError, match="no array 'x_train'"):
        load_dataset(str(inside / "mnist.npz"))
    assert not WATCH.seen
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


BOMB_MIB = 128
"""What the hostile files below claim to be, or unpack to, against a bound of 16 MiB."""


def bomb(kind: str, path: Path) -> Path:
    zeros = bytes(BOMB_MIB << 20)
    if kind == "gzip":
        for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                     "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):  # fmt: skip
            (path / f"{name}.gz").write_bytes(gzip.compress(zeros, 1))
        return path
    if kind == "pickle":
        (path / "mnist.pkl.gz").write_bytes(gzip.compress(pickle.dumps(zeros), 1))
        return path / "mnist.pkl.gz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(  # type: ignore[no-untyped-call]
        header, {"descr": "|u1", "fortran_order": False, "shape": (BOMB_MIB << 20,)}
    )
    with zipfile.ZipFile(path / "mnist.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for key in npz.KEYS:
            archive.writestr(f"{key}.npy", header.getvalue() + (zeros if kind == "zip" else b""))
    return path / "mnist.npz"


@pytest.mark.parametrize("kind", ["gzip", "pickle", "zip", "oversized header"])
def test_memory_stays_below_a_small_multiple_of_the_bound(kind: str, tmp_path: Path) -> None:
    """In a process of its own: the most that it held after reading, less what it held before."""
    code = (
        "import resource, sys\n"
        "from spikeoff import files\n"
        "from spikeoff.data import load_dataset, npz\n"
        "from spikeoff.errors import UserError\n"
        "files.MAX_BYTES = npz.MAX_BYTES = 16 << 20\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: load_dataset(sys.argv[1])\n"
        "except UserError as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    call = [sys.executable, "-c", code, str(bomb(kind, tmp_path))]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    line, kib = done.stdout.splitlines()
    assert "unpacks to over" in line or "the file ends early" in line
    assert int(kib) < 4 * 16 * 1024


def test_images_of_wide_numbers_are_converted_in_little_memory() -> None:
    code = (
        "import resource, numpy as np\n"
        "from spikeoff.data.images import make_dataset\n"
        "wide = np.zeros((40_000, 784), np.int8)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "labels = np.arange(len(wide)) % 10\n"
        "make_dataset('x', (wide, labels), (wide[:1], labels[:1]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 5 * 40_000 * 784 / 1024
