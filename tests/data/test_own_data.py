"""Data sets of a user's own: what is written in any format is read back equal."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spikeoff.data import Dataset, Images, openml
from spikeoff.data.emnist import CLASSES
from spikeoff.data.export import export
from spikeoff.errors import UserError
from tests.data.made import content, in_one, read, tiny, whole

NAMES = ("cat", "dog", "owl")


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# folders of pictures


def write_pictures(
    folder: Path, dataset: Dataset, parts: dict[str, str], names: tuple[str, ...], ending: str
) -> None:
    for number, (part, place) in enumerate(parts.items()):
        images = getattr(dataset, part)
        for k, (pixels, label) in enumerate(zip(images.pixels, images.labels, strict=True)):
            path = folder / place / names[label] / f"{number}_{k:03d}{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)


@pytest.mark.parametrize(
    ("ending", "shape"),
    [
        (".png", (6, 6)), (".png", (5, 7, 3)), (".PNG", (6, 6)), (".bmp", (6, 6)),
        (".bmp", (5, 7, 3)), (".tif", (6, 6)), (".tif", (5, 7, 3)), (".pgm", (6, 6)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("words", [("train", "test"), ("training", "testing"), ("Train", "val")])
def test_folders_of_pictures_by_class(
    tmp_path: Path, ending: str, shape: tuple[int, ...], words: tuple[str, str]
) -> None:
    made = tiny(shape=shape)
    write_pictures(tmp_path, made, dict(zip(("train", "test"), words, strict=True)), NAMES, ending)
    found = read(tmp_path)
    assert found.spec.classes == NAMES
    assert {(p, raw, NAMES.index(c)) for p, raw, c in content(found)} == {
        (p, raw, int(c)) for p, raw, c in content(made)
    }


def test_one_level_of_folders_is_divided_always_alike(tmp_path: Path) -> None:
    made = tiny(40, 20)
    write_pictures(tmp_path, made, {"train": ".", "test": "."}, NAMES, ".png")
    found = read(tmp_path)
    assert in_one(found, made, NAMES)
    assert read(tmp_path).sha256() == found.sha256()
    assert np.bincount(found.test.labels).tolist() == [4, 4, 4]  # a fifth of each class
    assert any("no test part" in note for note in found.notes)


def test_folders_named_by_numbers_are_in_numerical_order(tmp_path: Path) -> None:
    write_pictures(tmp_path, tiny(40, 20), {"train": "."}, ("10", "9", "2"), ".png")
    assert read(tmp_path).spec.classes == ("2", "9", "10")


def test_grey_pictures_saved_in_colour_are_grey(tmp_path: Path) -> None:
    made = tiny()
    for part in ("train", "test"):
        images = getattr(made, part)
        for k, (pixels, label) in enumerate(zip(images.pixels, images.labels, strict=True)):
            path = tmp_path / part / str(label) / f"{k:02d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).convert(("RGB", "P", "RGBA")[k % 3]).save(path)
    assert content(read(tmp_path)) == content(made)


def test_folders_that_are_no_data_set(tmp_path: Path) -> None:
    write_pictures(tmp_path / "one", tiny(), {"train": "."}, ("a", "a", "a"), ".png")
    assert "one class only (a)" in refused(tmp_path / "one")
    write_pictures(tmp_path / "sizes", tiny(), {"train": ".", "test": "."}, NAMES, ".png")
    Image.new("L", (3, 4)).save(tmp_path / "sizes" / "owl" / "z.png")
    assert "z.png: 3 x 4 pixels, but" in refused(tmp_path / "sizes")
    write_pictures(tmp_path / "more", tiny(), {"train": "train", "test": "test"}, NAMES, ".png")
    write_pictures(tmp_path / "more", tiny(), {"test": "test"}, ("cat", "dog", "emu"), ".png")
    assert "class 'emu' of the test part has no training pictures" in refused(tmp_path / "more")
    write_pictures(tmp_path / "bad", tiny(), {"train": ".", "test": "."}, NAMES, ".png")
    (tmp_path / "bad" / "cat" / "0_000.png").write_bytes(b"GIF89a")
    assert "0_000.png: not a readable picture" in refused(tmp_path / "bad")


# tables of text


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("header", [False, True])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("names", [("0", "1", "2"), NAMES])
def test_tables_of_text(
    tmp_path: Path, last: bool, header: bool, separator: str, names: tuple[str, ...]
) -> None:
    made = tiny()
    for part in ("train", "test"):
        images = getattr(made, part)
        with (tmp_path / f"own_{part}.csv").open("w", newline="") as stream:
            writer = csv.writer(stream, delimiter=separator)
            if header:
                columns = [f"pixel{k}" for k in range(36)]
                writer.writerow([*columns, "label"] if last else ["label", *columns])
            for pixels, label in zip(images.flat.tolist(), images.labels, strict=True):
                writer.writerow([*pixels, names[label]] if last else [names[label], *pixels])
    for source in (tmp_path, tmp_path / "own_train.csv", tmp_path / "own_test.csv"):
        found = read(source)
        assert found.spec.classes == names
        assert content(found) == {(p, raw, names[int(c)]) for p, raw, c in content(made)}


def table(path: Path, rows: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def test_one_table_packed_or_plain_is_divided(tmp_path: Path) -> None:
    made = tiny(40, 20)
    pixels, labels = whole(made)
    rows = np.column_stack([labels, pixels.reshape(60, -1)]).tolist()
    path = table(tmp_path / "digits.csv", rows)
    assert in_one(read(path), made)
    (tmp_path / "digits.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert read(tmp_path / "digits.csv.gz").sha256() == read(path).sha256()


def test_tables_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    pixels, labels = whole(tiny(40, 20))
    flat = pixels.reshape(60, -1)
    lit = flat.copy()
    lit[:, 0] = lit[:, -1] = np.arange(60) % 7
    assert "both the first and the last column may be the label" in refused(
        table(tmp_path / "a.csv", np.column_stack([labels, lit]).tolist())
    )
    assert "no label in the first or the last" in refused(table(tmp_path / "b.csv", flat.tolist()))
    named = [["x1", "label", *[f"x{k}" for k in range(2, 37)]]]
    assert "'label' is column 2 of 37" in refused(
        table(
            tmp_path / "c.csv", named + np.column_stack([flat[:, :1], labels, flat[:, 1:]]).tolist()
        )
    )
    rows = np.column_stack([labels, flat]).tolist()
    rows[3][5] = "grey"
    assert "grey" in refused(table(tmp_path / "d.csv", rows))
    assert "make no square" in refused(
        table(tmp_path / "e.csv", np.column_stack([labels, flat[:, :-2], 0 * labels]).tolist())
    )
    assert "its partner test*.csv is missing" in refused(
        table(tmp_path / "f" / "train.csv", np.column_stack([labels, flat]).tolist())
    )
    scaled = ((flat - flat.mean()) / flat.std()).round(4)
    header = [["label", *range(36)]]
    said = refused(table(tmp_path / "g.csv", header + np.column_stack([labels, scaled]).tolist()))
    assert "normalising by mean and standard deviation" in said
    assert "x * std + mean" in said
    (tmp_path / "h.csv").write_bytes(b"\xff\xfe\x00")
    assert "no text in UTF-8" in refused(tmp_path / "h.csv")


# arrays


ARRAY_NAMES = [
    ("x_train", "y_train", "x_test", "y_test"),
    ("trainImages", "trainLabels", "testImages", "testLabels"),
    ("training_images", "training_labels", "test_images", "test_labels"),
    ("X_tr", "y_tr", "X_te", "y_te"),
    ("train_img", "train_label", "test_img", "test_label"),
]
LABELS: dict[str, Callable[[Any], Any]] = {
    "numbers": lambda labels: labels,
    "column": lambda labels: labels[:, None].astype(float),
    "one-hot": lambda labels: np.eye(3)[labels],
    "truth values": lambda labels: np.eye(3)[labels] > 0,
    "text": lambda labels: np.array(NAMES)[labels],
    "bytes": lambda labels: np.array(NAMES).astype("S")[labels],
    "digits as text": lambda labels: labels.astype(str),
}


def arrays(made: Dataset, keys: tuple[str, ...], labels: str = "numbers") -> dict[str, Any]:
    change = LABELS[labels]
    values = (made.train.pixels, change(made.train.labels), made.test.pixels,
              change(made.test.labels))  # fmt: skip
    return dict(zip(keys, values, strict=True))


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("keys", ARRAY_NAMES)
def test_arrays_under_other_names(tmp_path: Path, keys: tuple[str, ...], labels: str) -> None:
    made = tiny()
    np.savez(tmp_path / "own.npz", **arrays(made, keys, labels))
    found = read(tmp_path)
    names = NAMES if labels in ("text", "bytes") else ("0", "1", "2")
    assert found.spec.classes == names
    assert found.sha256() == made.sha256()


@pytest.mark.parametrize("keys", [("X", "y"), ("images", "labels"), ("data", "target")])
def test_one_pair_of_arrays_is_divided(tmp_path: Path, keys: tuple[str, str]) -> None:
    made = tiny(40, 20)
    content: dict[str, Any] = dict(zip(keys, whole(made), strict=True))
    np.savez(tmp_path / "own.npz", **content)
    assert in_one(read(tmp_path / "own.npz"), made)


def test_a_file_of_arrays_for_each_part(tmp_path: Path) -> None:
    made = tiny()
    for part in ("train", "test"):
        images = getattr(made, part)
        np.savez(tmp_path / f"{part}.npz", X=images.pixels, y=images.labels)
    assert read(tmp_path).sha256() == made.sha256()
    assert read(tmp_path / "test.npz").sha256() == made.sha256()


def test_validation_images_join_the_training_images(tmp_path: Path) -> None:
    made = tiny(30, 10)
    n = 21
    np.savez(
        tmp_path / "own.npz",
        train_images=made.train.pixels[:n], train_labels=made.train.labels[:n],
        val_images=made.train.pixels[n:], val_labels=made.train.labels[n:],
        test_images=made.test.pixels, test_labels=made.test.labels,
    )  # fmt: skip
    assert read(tmp_path).sha256() == made.sha256()


def test_arrays_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    made, path = tiny(), tmp_path / "own.npz"
    pixels, labels = whole(made)

    def said(**content: Any) -> str:
        np.savez(path, **content)
        return refused(path)

    assert "no array 'y'" in said(X=pixels, z=labels)
    assert "found: X, z" in refused(path)
    assert "both name pixels" in said(X=pixels, images=pixels, y=labels)
    normalised = (pixels / 255 - 0.1307) / 0.3081
    assert "x * std + mean" in said(X=normalised, y=labels)
    assert "save 8-bit values" in said(X=pixels / 200.3 % 1, y=labels)
    assert "array.astype(str)" in said(X=pixels, y=np.array(list(NAMES * 10), object))
    text = np.array(NAMES)[labels]
    late = arrays(made, ARRAY_NAMES[0], "text") | {
        "y_train": np.where(text == "owl", "cat", text)[:20]
    }
    assert "class 'owl' has test images and no training images" in said(**late)
    assert "at most 256 classes" in said(
        X=np.repeat(pixels, 10, axis=0), y=[f"p{k}" for k in range(300)]
    )
    assert "too few images" in said(X=pixels[:4], y=[0, 0, 1, 2])


def test_several_data_sets_in_a_folder_must_be_told_apart(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        np.savez(tmp_path / name, **arrays(tiny(), ARRAY_NAMES[0]))
    assert "holds several data sets (a.npz, b.npz)" in refused(tmp_path)


# IDX files


def renamed(folder: Path, made: Dataset, name: Callable[[str], str]) -> Path:
    for path in export(made, "idx", folder):
        path.rename(folder / name(path.name))
    return folder


def test_idx_files_called_test(tmp_path: Path) -> None:
    made = tiny()
    renamed(tmp_path, made, lambda name: name.replace("t10k", "test"))
    assert read(tmp_path).sha256() == made.sha256()


@pytest.mark.parametrize("below", [".", "MNIST"])
def test_the_folders_that_torchvision_makes(tmp_path: Path, below: str) -> None:
    made = tiny()
    export(made, "idx", tmp_path / "MNIST" / "raw")
    assert read(tmp_path / below).sha256() == made.sha256()
    export(made, "idx", tmp_path / "FashionMNIST" / "raw")
    assert "several data sets (FashionMNIST/raw, MNIST/raw)" in refused(tmp_path)


@pytest.mark.parametrize("name", CLASSES)
def test_emnist_is_turned_and_its_letters_start_at_1(tmp_path: Path, name: str) -> None:
    made = tiny(shape=(6, 6))
    first = 1 if name == "emnist-letters" else 0
    train, test = (
        Images(np.ascontiguousarray(part.pixels.transpose(0, 2, 1)), part.labels + first, part.ids)
        for part in (made.train, made.test)
    )
    written = Dataset("x", train, test, made.spec)
    renamed(tmp_path, written, lambda old: f"{name}-{old.replace('t10k', 'test')}")
    found = read(tmp_path)
    assert found.sha256() == made.sha256()
    assert found.spec.classes[:3] == (("a", "b", "c") if first else ("0", "1", "2"))
    assert read(tmp_path / f"{name}-test-labels-idx1-ubyte.gz").sha256() == made.sha256()
    renamed(tmp_path, made, lambda old: f"other-{old}")
    assert f"holds {name}, other; name one of the files" in refused(tmp_path)
    assert read(tmp_path / "other-train-images-idx3-ubyte.gz").sha256() == made.sha256()


# pickles


def pickled(made: Dataset) -> dict[str, Any]:
    train, test = ((part.pixels, part.labels) for part in (made.train, made.test))
    return {
        "names": dict(zip(ARRAY_NAMES[2], (*train, *test), strict=True)),
        "bytes": dict(zip(map(str.encode, ARRAY_NAMES[4]), (*train, *test), strict=True)),
        "two pairs": (train, test),
        "pairs by part": {"train": train, "test": test},
        "dicts by part": {
            part: {"images": pair[0], "labels": pair[1].tolist()}
            for part, pair in (("train", train), ("test", test))
        },
    }  # fmt: skip


@pytest.mark.parametrize("form", pickled(tiny()))
@pytest.mark.parametrize("protocol", [2, 5])
def test_pickles_of_other_forms(tmp_path: Path, form: str, protocol: int) -> None:
    made = tiny()
    (tmp_path / "own.pkl").write_bytes(pickle.dumps(pickled(made)[form], protocol))
    assert read(tmp_path).sha256() == made.sha256()


@pytest.mark.parametrize("form", [dict, tuple])
def test_a_pickle_of_one_pair_is_divided(tmp_path: Path, form: type) -> None:
    made = tiny(40, 20)
    pixels, labels = whole(made)
    names = [NAMES[label] for label in labels]
    held = {"data": pixels, "targets": names} if form is dict else (pixels, names)
    (tmp_path / "own.pickle").write_bytes(pickle.dumps(held))
    assert in_one(read(tmp_path), made, NAMES)


def test_pickles_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    path = tmp_path / "own.pkl"
    path.write_bytes(pickle.dumps({"weights": np.zeros((3, 3))}))
    assert "no array 'x_train'" in refused(path)
    path.write_bytes(pickle.dumps([1, 2, 3, 4]))
    assert "it holds a list; expected two or three pairs" in refused(path)


# Parquet


def write_parquet(path: Path, images: Any, classes: tuple[str, ...] | None) -> None:
    """As the library datasets writes images and class labels."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = []
    for pixels in images.pixels:
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG")
        rows.append({"bytes": stream.getvalue(), "path": None})
    table = pa.table({
        "image": pa.array(rows, pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        "label": pa.array(images.labels.tolist(), pa.int64()),
    })  # fmt: skip
    if classes is not None:
        features = {
            "image": {"_type": "Image"},
            "label": {"names": list(classes), "_type": "ClassLabel"},
        }
        info = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": info})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)


def test_the_files_of_the_hugging_face_hub(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    made = tiny()
    shards = (slice(0, 12), slice(12, 20))
    for k, rows in enumerate(shards):
        path = tmp_path / "data" / f"train-0000{k}-of-00002.parquet"
        write_parquet(path, made.train.take(rows), NAMES)
    path = tmp_path / "data" / "test-00000-of-00001.parquet"
    write_parquet(path, made.test, NAMES)
    for source in (tmp_path, path):
        found = read(source)
        assert found.spec.classes == NAMES
        assert found.sha256() == made.sha256()
    path.write_bytes(path.read_bytes()[:-9])
    assert "not a readable Parquet file" in refused(tmp_path)


def test_parquet_with_lists_of_numbers_and_names(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    made = tiny(40, 20)
    pixels, labels = whole(made)
    columns = {"pixels": pixels.reshape(60, -1).tolist(), "class": [NAMES[k] for k in labels]}
    pq.write_table(pa.table(columns), tmp_path / "own.parquet")
    assert in_one(read(tmp_path), made, NAMES)
    pq.write_table(pa.table({"text": ["a", "b"]}), tmp_path / "own.parquet")
    assert "no single column of images; call it image; found: text" in refused(tmp_path)


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "own.parquet").write_bytes(b"PAR1")
    assert "pip install 'spikeoff[parquet]'" in refused(tmp_path)


# scikit-learn's cache of OpenML


def write_openml_cache(home: Path, made: Dataset, number: int) -> None:
    """The files that ``fetch_openml`` keeps, as OpenML's server sends them."""
    pixels, labels = whole(made)
    columns = [f"pixel{k}" for k in range(1, 37)]
    lines = ["@RELATION own", *[f"@ATTRIBUTE {name} REAL" for name in columns],
             "@ATTRIBUTE class {0,1,2}", "@DATA"]  # fmt: skip
    flat = np.column_stack([pixels.reshape(len(pixels), -1), labels])
    lines += [",".join(map(str, row)) for row in flat.tolist()]
    arff = ("\n".join(lines) + "\n").encode()
    features = [{"index": str(k), "name": name, "data_type": "nominal" if name == "class" else
                 "numeric", "is_target": str(name == "class").lower(), "is_ignore": "false",
                 "is_row_identifier": "false", "number_of_missing_values": "0"}
                for k, name in enumerate([*columns, "class"])]  # fmt: skip
    description = {
        "id": str(number), "name": "own", "version": "1", "format": "ARFF", "status": "active",
        "url": "https://www.openml.org/data/v1/download/52667/own.arff", "file_id": "52667",
        "default_target_attribute": "class", "md5_checksum": hashlib.md5(arff).hexdigest(),
        "description": "own",
    }  # fmt: skip
    files = {
        f"api/v1/json/data/{number}": json.dumps({"data_set_description": description}),
        f"api/v1/json/data/features/{number}": json.dumps({"data_features": {"feature": features}}),
        f"api/v1/json/data/qualities/{number}": json.dumps({"data_qualities": {"quality": [
            {"name": "NumberOfInstances", "value": str(len(pixels))}]}}),
        "data/v1/download/52667/own.arff": arff.decode(),
    }  # fmt: skip
    for name, text in files.items():
        path = home / "openml" / "openml.org" / f"{name}.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()))


def test_what_scikit_learn_has_fetched_is_read_without_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tiny()
    write_openml_cache(tmp_path / "home", made, openml.DATA_IDS["mnist_784"])
    monkeypatch.setattr(openml, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(openml, "N_TRAIN", len(made.train))
    monkeypatch.setattr("sklearn.datasets._openml.urlopen", lambda *_: pytest.fail("the network"))
    assert read(tmp_path / "home").sha256() == made.sha256()
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))
    assert read(Path("mnist_784")).sha256() == made.sha256()
