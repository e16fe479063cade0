"""Every format gives back what was put in, and what is wrong with a file is said in one line."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikeoff import files
from spikeoff.data import Dataset, load_dataset
from spikeoff.data.export import Format, export
from spikeoff.errors import UserError


def same(one: Dataset, other: Dataset) -> bool:
    return one.sha256() == other.sha256()


@pytest.mark.parametrize("file_format", get_args(Format))
def test_exported_files_read_back_the_same(
    small: Dataset, tmp_path: Path, file_format: Format
) -> None:
    paths = export(small, file_format, tmp_path)
    assert same(load_dataset(str(tmp_path)), small)
    assert same(load_dataset(str(paths[0])), small)


@pytest.mark.parametrize("file_format", get_args(Format))
def test_export_writes_the_same_bytes_each_time(
    small: Dataset, tmp_path: Path, file_format: Format
) -> None:
    first = export(small, file_format, tmp_path / "a")
    second = export(small, file_format, tmp_path / "b")
    if file_format == "npz":  # a zip archive holds the time of writing
        assert same(load_dataset(str(first[0])), load_dataset(str(second[0])))
    else:
        assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_plain_idx_files_and_dotted_names(small: Dataset, tmp_path: Path) -> None:
    for path in export(small, "idx", tmp_path):
        dotted = path.name.removesuffix(".gz").replace("-idx", ".idx")
        (tmp_path / dotted).write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert same(load_dataset(str(tmp_path)), small)


def test_keras_arrays_with_channels_and_int64_labels(small: Dataset, tmp_path: Path) -> None:
    np.savez(
        tmp_path / "mnist.npz",
        x_train=small.train.pixels.reshape(-1, 28, 28, 1),
        y_train=small.train.labels.astype(np.int64),
        x_test=small.test.pixels.reshape(-1, 28, 28, 1),
        y_test=small.test.labels.astype(np.int64),
    )
    assert same(load_dataset(str(tmp_path / "mnist.npz")), small)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("scale", [255, 256])
def test_theanos_three_tuple(small: Dataset, tmp_path: Path, protocol: int, scale: int) -> None:
    pixels = small.train.pixels.astype(np.float32) / scale
    labels = small.train.labels.astype(np.int64)
    content = (
        (pixels[:500], labels[:500]),
        (pixels[500:], labels[500:]),
        (small.test.pixels.astype(np.float32) / scale, small.test.labels.astype(np.int64)),
    )
    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzip.compress(pickle.dumps(content, protocol)))
    assert same(load_dataset(str(path)), small)


@pytest.mark.parametrize("names", [("training.pickle", "testing.pickle"), ("train.pkl.gz",) * 2])
def test_the_pair_of_dicts(small: Dataset, tmp_path: Path, names: tuple[str, str]) -> None:
    names = (names[0], names[0].replace("train", "test"))
    for part, name in zip((small.train, small.test), names, strict=True):
        content = {
            "x": part.pixels.reshape(-1, 28, 28),
            "y": [[int(label)] for label in part.labels],
            "rows": 28,
            "cols": 28,
        }
        raw = pickle.dumps(content)
        (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    for source in (tmp_path, tmp_path / names[0], tmp_path / names[1]):
        assert same(load_dataset(str(source)), small)


class Hostile:
    """Pickles to a call of os.mkdir."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.target),))


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_hostile_pickle_is_refused_and_not_executed(tmp_path: Path, wrapped: bool) -> None:
    target = tmp_path / "executed"
    hostile: Any = Hostile(target)
    content = {"x": [hostile], "y": [], "rows": 28, "cols": 28} if wrapped else hostile
    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzip.compress(pickle.dumps(content)))
    with pytest.raises(UserError, match=r"refused: it asks for \w+\.mkdir"):
        load_dataset(str(path))
    assert not target.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cnumpy\nndarray\n((I60000\nI784\ntI1\ntR.",
        b"]r\x00\x00\x00\x01.",
        b"c_codecs\nencode\n(N}S'__defaults__'\nNstb.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cnumpy\nload\n(S'x'\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I1000000000000\ntS'b'\ntR.",
        b"cnumpy\ndtype\n(S'i4'\ntR(I3\nS'<'\nN(S'f0'\ntNI-1\nI-1\nI0\ntb.",
        b"\x80\x04\x95",
        b"not a pickle",
    ],
)
def test_other_pickles_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(UserError, match="refused: "):
        load_dataset(str(path))


def break_magic(raw: bytes) -> bytes:
    return b"\x00\x00\x0d\x03" + raw[4:]


def break_size(raw: bytes) -> bytes:
    return raw[:4] + struct.pack(">I", 601) + raw[8:]


IDX_FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "magic number 0x00000d03": break_magic,
    "the header promises 601 x 28 x 28 = 471184 bytes, 470400 follow": break_size,
    "470399 follow": lambda raw: raw[:-1],
    "470401 follow": lambda raw: raw + b"\x00",
    "3 bytes; an IDX header alone has 16": lambda raw: raw[:3],
}


@pytest.mark.parametrize("message", IDX_FAULTS)
def test_damaged_idx(small: Dataset, tmp_path: Path, message: str) -> None:
    path = export(small, "idx", tmp_path)[0]
    path.write_bytes(gzip.compress(IDX_FAULTS[message](gzip.decompress(path.read_bytes()))))
    with pytest.raises(UserError, match=message) as caught:
        load_dataset(str(tmp_path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


GZIP_FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "the file is empty": lambda raw: b"",
    "ends early": lambda raw: raw[:-20],
    "damaged gzip file": lambda raw: raw[:1000] + bytes(50) + raw[1050:],
    "bytes follow the end": lambda raw: raw + b"more",
}


@pytest.mark.parametrize("message", GZIP_FAULTS)
def test_damaged_gzip(small: Dataset, tmp_path: Path, message: str) -> None:
    path = export(small, "idx", tmp_path)[2]
    path.write_bytes(GZIP_FAULTS[message](path.read_bytes()))
    with pytest.raises(UserError, match=message):
        load_dataset(str(tmp_path))


def test_a_gzip_bomb_is_stopped(
    small: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1 << 20)
    path = export(small, "idx", tmp_path)[0]
    path.write_bytes(gzip.compress(bytes(2 << 20)))
    with pytest.raises(UserError, match="unpacks to over"):
        load_dataset(str(tmp_path))


def arrays(small: Dataset) -> dict[str, Any]:
    return {
        "x_train": small.train.pixels.reshape(-1, 28, 28),
        "y_train": small.train.labels,
        "x_test": small.test.pixels.reshape(-1, 28, 28),
        "y_test": small.test.labels,
    }


ARRAY_FAULTS: dict[str, tuple[str, Any]] = {
    "600 images but 599 labels": ("y_train", lambda a: a[:-1]),
    "training images are 28 x 28, test images 28 x 14": ("x_test", lambda a: a[:, :, ::2]),
    "training images are 28 x 28, test images 14 x 56": ("x_test", lambda a: a.reshape(-1, 14, 56)),
    "labels of shape": ("y_train", lambda a: a.reshape(-1, 2)),
    "label 256 at position 3": (
        "y_train",
        lambda a: np.where(np.arange(len(a)) == 3, 256, a.astype(int)),
    ),
    "label -1 at position 0": ("y_test", lambda a: a.astype(int) - a[0] - 1),
    "a pixel is 256": ("x_train", lambda a: np.where(a == a.max(), 256, a.astype(np.int32))),
    "a pixel is -1": ("x_train", lambda a: a.astype(np.int32) - 1),
    "NaN": ("x_train", lambda a: np.full(a.shape, np.nan)),
    "no multiples": ("x_train", lambda a: np.full(a.shape, 0.3333)),
    "it holds no images": ("x_test", lambda a: a[:0]),
    "x_test: it holds <U1": ("x_test", lambda a: np.full(a.shape, "a")),
    "y_test: it holds object": ("y_test", lambda a: np.array([{}] * len(a), object)),
}


@pytest.mark.parametrize("message", ARRAY_FAULTS)
def test_wrong_arrays(small: Dataset, tmp_path: Path, message: str) -> None:
    name, spoil = ARRAY_FAULTS[message]
    content = arrays(small)
    content[name] = spoil(content[name])
    np.savez(tmp_path / "mnist.npz", **content)
    with pytest.raises(UserError, match=message) as caught:
        load_dataset(str(tmp_path / "mnist.npz"))
    assert "\n" not in str(caught.value)


def test_a_missing_array_is_named(small: Dataset, tmp_path: Path) -> None:
    content = arrays(small)
    del content["y_test"]
    np.savez(tmp_path / "mnist.npz", **content)
    with pytest.raises(UserError, match="no array 'y_test'"):
        load_dataset(str(tmp_path / "mnist.npz"))


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UserError, match="no array 'x_train'"):
        load_dataset(str(tmp_path / "mnist.npz"))


@pytest.mark.slow
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), file_format=st.sampled_from(get_args(Format)))
def test_any_damage_is_either_harmless_or_one_line(
    small: Dataset, tmp_path: Path, data: st.DataObject, file_format: Format
) -> None:
    path = export(small, file_format, tmp_path)[0]
    if data.draw(st.booleans()):  # damage what is packed, and pack it well again
        path.write_bytes(repacked(path, lambda raw: damaged(raw, data)))
    else:
        path.write_bytes(damaged(path.read_bytes(), data))
    try:
        load_dataset(str(path))
    except UserError as error:
        assert "\n" not in str(error)


def damaged(content: bytes, data: st.DataObject) -> bytes:
    """Some bytes changed near the front, where headers are, or anywhere, or the rest cut off."""
    raw = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        last = min(200, len(raw) - 1) if data.draw(st.booleans()) else len(raw) - 1
        at = data.draw(st.integers(0, last))
        if data.draw(st.integers(0, 3)):
            raw[at] ^= data.draw(st.integers(1, 255))
        else:
            del raw[max(1, at) :]
            break
    return bytes(raw)


def repacked(path: Path, change: Callable[[bytes], bytes]) -> bytes:
    """The file with its packed content changed, every checksum right."""
    if path.suffix != ".npz":
        return gzip.compress(change(gzip.decompress(path.read_bytes())), 1)
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w") as new:
        for number, name in enumerate(old.namelist()):
            new.writestr(name, change(old.read(name)) if number == 0 else old.read(name))
    return packed.getvalue()


def test_a_list_that_multiplies_is_refused(tmp_path: Path) -> None:
    many: Any = [0] * 10
    for _ in range(9):
        many = [many] * 10
    path = tmp_path / "training.pickle"
    content = {"x": np.zeros((10, 784), np.uint8), "y": many, "rows": 28, "cols": 28}
    for name in ("training.pickle", "testing.pickle"):
        (tmp_path / name).write_bytes(pickle.dumps(content))
    with pytest.raises(UserError, match="labels must be integers"):
        load_dataset(str(path))


def test_theanos_parts_are_checked_one_by_one(small: Dataset, tmp_path: Path) -> None:
    def part(images: int, labels: int) -> tuple[Any, Any]:
        return small.train.pixels[:images], small.train.labels[:labels]

    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzip.compress(pickle.dumps((part(5, 4), part(4, 5), part(5, 5)))))
    with pytest.raises(UserError, match="a part has 5 images and 4 labels"):
        load_dataset(str(path))


def test_exported_pickles_name_what_every_numpy_knows(small: Dataset, tmp_path: Path) -> None:
    raw = gzip.decompress(export(small, "pkl.gz", tmp_path)[0].read_bytes())
    assert b"numpy.core.multiarray" in raw
    assert b"numpy._core" not in raw


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "no such file, folder or data set"),
        ("photo.png", "unknown format"),
        ("empty", "no data set in this folder"),
    ],
)
def test_sources_that_are_none(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "photo.png").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message):
        load_dataset(str(tmp_path / name))


def test_a_missing_file_of_the_four_is_named(small: Dataset, tmp_path: Path) -> None:
    export(small, "idx", tmp_path)[3].unlink()
    with pytest.raises(UserError, match="t10k-labels-idx1-ubyte"):
        load_dataset(str(tmp_path))


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    files.write_text(path, "old")
    with pytest.raises(ValueError, match="half way"), files.whole_file(path) as temporary:
        temporary.write_text("new")
        raise ValueError("half way")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        files.write_text(tmp_path / "file" / "below.txt", "x")
