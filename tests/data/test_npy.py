"""What was written is read back; what is wrong with a file is said in one line."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikeoff import files
from spikeoff.data import npy
from spikeoff.data.npy import read_array, write_array
from spikeoff.errors import UserError

NUMBERS = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
)


def saved(array: object) -> bytes:
    """What ``np.save`` writes."""
    stream = io.BytesIO()
    np.save(stream, np.asarray(array), allow_pickle=True)
    return stream.getvalue()


def with_header(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """A file with a header of one's own."""
    length = len(header).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    return b"\x93NUMPY" + version + length + header.encode("latin1") + data


def shaped(shape: str, data: bytes = b"", kind: str = "<f8") -> bytes:
    return with_header(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n", data)


def refusal(path: Path) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(UserError) as caught:
        read_array(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, min_side=0)), st.booleans())
def test_what_is_written_is_read(
    tmp_path: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]], fortran: bool
) -> None:
    array = np.asfortranarray(array) if fortran else array
    write_array(tmp_path / "a.npy", array)
    read = read_array(tmp_path / "a.npy")
    assert read.dtype == array.dtype
    assert read.shape == array.shape
    assert read.tobytes() == array.tobytes()
    assert (tmp_path / "a.npy").read_bytes() == saved(array)
    assert len(saved(array)) - array.nbytes <= npy.MAX_HEADER


def test_gzip_and_the_second_version_are_read(tmp_path: Path) -> None:
    array = np.arange(6.0).reshape(2, 3)
    (tmp_path / "a.npy.gz").write_bytes(gzip.compress(saved(array)))
    assert (read_array(tmp_path / "a.npy.gz") == array).all()
    with (tmp_path / "b.npy").open("wb") as stream:
        np.lib.format.write_array(stream, array, version=(2, 0))  # type: ignore[no-untyped-call]
    assert (read_array(tmp_path / "b.npy") == array).all()


@pytest.mark.filterwarnings("error")
def test_lengths_as_python_2_wrote_them(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(shaped("(2L, 1L)", np.arange(2.0).tobytes()))
    assert read_array(tmp_path / "a.npy").tolist() == [[0.0], [1.0]]


WHOLE = saved(np.arange(12.0).reshape(4, 3))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"0 1 0.5\n", "not a readable .npy"),
        (WHOLE[:4], "not a readable .npy"),
        (WHOLE[:9], "not a readable .npy"),
        (WHOLE[:60], "not a readable .npy"),
        (WHOLE[:-1], "the file ends early (95 bytes of data, its header promises more)"),
        (WHOLE[:128], "the file ends early (0 bytes of data, its header promises more)"),
        (WHOLE + b"\0", "1 bytes follow the end"),
        (gzip.compress(WHOLE)[:-9], "the gzip file ends early"),
        (saved(np.array([{}, None])), "it holds object; only arrays of numbers"),
        (saved(np.array(["a"])), "only arrays of numbers"),
        (saved(np.zeros(2, [("a", "f8")])), "only arrays of numbers"),
        (saved(np.zeros(2, "M8[s]")), "only arrays of numbers"),
        (saved(np.zeros(2, np.complex128)), "only arrays of numbers"),
        (shaped(f"({10**15}, 3)"), "the file ends early"),
        (shaped(f"({10**200},)"), "the file ends early"),
        (shaped(f"(0, {2**70})"), "not a readable .npy"),
        (shaped("(-1, -1)", bytes(8)), "a length is negative"),
        (shaped("(-1,)", bytes(8)), "a length is negative"),
        (shaped(f"({10**4000}, {10**4000})"), "the file ends early"),
        (shaped(f"({-(10**4000)}, {10**4000})"), "a length is negative"),
        (shaped("(" + "1, " * 80 + ")", bytes(8)), "not a readable .npy"),
        (shaped("'abc'"), "not a readable .npy"),
        (shaped(f"({10**9},)", kind="V0"), "only arrays of numbers"),
        (shaped("(1,)", kind="nonsense"), "not a readable .npy"),
        (with_header("{'descr': '<f8', 'shape': (1,)}\n", bytes(8)), "not a readable .npy"),
        (with_header("(" * 3000 + "\n"), "not a readable .npy"),
        (with_header("[" * 9000 + "]" * 900 + "\n"), "not a readable .npy"),
        (with_header("{}" * 20_000), "not a readable .npy"),
        (with_header("{}\n", version=b"\x03\x00"), "version 3.0 of the format"),
        (with_header("{}\n", version=b"\x09\x07"), "not a readable .npy"),
    ],
)
def test_damage_is_told_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "XeAe.npy"
    path.write_bytes(content)
    assert message in refusal(path)


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "absent.npy")
    assert "cannot be read" in refusal(tmp_path)
    assert "cannot be read" in refusal(Path("/dev/null/XeAe.npy"))


@pytest.mark.parametrize(
    "content", [shaped("(90000000,)", kind="|u1"), shaped("(30000000, 3)"), WHOLE[:-1]]
)
def test_a_header_cannot_take_more_memory_than_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


def test_what_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1 << 20)
    (tmp_path / "a.npy").write_bytes(gzip.compress(saved(np.zeros(1 << 18))))
    assert "unpacks to over" in refusal(tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes(saved(np.zeros(1 << 18)))
    assert "larger than" in refusal(tmp_path / "a.npy")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.data())
def test_any_damage_is_either_harmless_or_one_line(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.npy"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        assert read_array(path).nbytes <= len(WHOLE)
    except UserError as error:
        assert str(error).startswith(f"{path}: ")
        assert "\n" not in str(error)


def too_large(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npy, "MAX_BYTES", 1000)
    with pytest.raises(UserError, match=r"a\.npy: the array takes 1600 bytes"):
        write_array(path, np.zeros(200))


def of_objects(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        write_array(path, np.array([{}]))


@pytest.mark.parametrize("fail", [too_large, of_objects])
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fail: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    path = tmp_path / "a.npy"
    write_array(path, np.ones(2))
    fail(path, monkeypatch)
    assert list(tmp_path.iterdir()) == [path]
    assert read_array(path).tolist() == [1.0, 1.0]
