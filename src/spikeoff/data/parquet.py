"""Parquet files as the Hugging Face Hub keeps image data sets: pictures and labels as columns.

An image is the bytes of a picture file, or a list of numbers. The names of the classes stand in the
schema's metadata. Needs the extra ``parquet`` (pyarrow).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import Dataset, make_dataset
from spikeoff.data.parts import LABEL_WORDS, PIXEL_WORDS, Pair, Part, joined, part_of
from spikeoff.data.pictures import decode, stacked
from spikeoff.errors import UserError, one_line
from spikeoff.files import MAX_BYTES

PARQUET = (".parquet",)


def find_files(place: Path) -> list[Path]:
    """All Parquet files at or below ``place``."""
    return [place] if place.is_file() else sorted(place.rglob("*.parquet"))


def load(place: Path) -> Dataset:
    """The data set in a Parquet file, or in the files of a folder by part: train-00000-of-...

    A single file is taken alone, unless its name says the part: then its partners belong to it.

    Raises:
        UserError: pyarrow is missing, a file is damaged, or no column holds images or labels.
    """
    files = find_files(place)
    if place.is_file() and part_of(place.name) is not None:
        files = [one for one in find_files(place.parent) if part_of(one.name) is not None]
    by_part: dict[Part, list[Path]] = {}
    for path in files:
        by_part.setdefault(part_of(path.name) or "all", []).append(path)
    if "all" in by_part and len(files) > 1:
        raise UserError(
            f"{place}: the name of {by_part['all'][0].name} says no part, and there are other "
            "files; name one file, or name them train-... and test-..."
        )
    pyarrow = _pyarrow()
    tables = {part: [_read(pyarrow, path) for path in paths] for part, paths in by_part.items()}
    classes = next(one[2] for shards in tables.values() for one in shards)
    pairs: dict[Part, Pair] = {part: _joined(shards, place) for part, shards in tables.items()}
    train, test, notes = joined(pairs, place)
    name = place.stem if place.is_file() else place.resolve().name
    return make_dataset(
        name, train, test, place, classes, (f"{len(files)} Parquet files", *notes)
    )  # fmt: skip


Shard = tuple[NDArray[np.generic], NDArray[np.generic], tuple[str, ...] | None]


def _joined(shards: list[Shard], place: Path) -> Pair:
    shapes = {pixels.shape[1:] for pixels, _, _ in shards}
    if len(shapes) > 1:
        raise UserError(f"{place}: images differ in shape from file to file; bring them to one")
    return tuple(np.concatenate([shard[k] for shard in shards]) for k in (0, 1))  # type: ignore[return-value]


def _read(pyarrow: Any, path: Path) -> Shard:
    """Images, labels, and the names of the classes where the file has them."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            if sum(file.metadata.row_group(k).total_byte_size
                   for k in range(file.metadata.num_row_groups)) > MAX_BYTES:  # fmt: skip
                raise UserError(f"{path}: unpacks to over {MAX_BYTES >> 30} GiB; not a data set")
            names = [field.name for field in file.schema_arrow]
            pixels = _column(names, PIXEL_WORDS, "images", path)
            labels = _column(names, LABEL_WORDS, "labels", path)
            table = file.read(columns=[pixels, labels])
            classes = _class_names(file.schema_arrow.metadata or {}, labels)
    except UserError:
        raise
    except Exception as error:  # pyarrow's readers each raise their own
        raise UserError(
            f"{path}: not a readable Parquet file ({one_line(error)}); fetch it again"
        ) from error
    held: list[Any] = table.column(pixels).to_pylist()
    return _pixels(held, path), np.array(table.column(labels).to_pylist()), classes


def _column(names: list[str], words: set[str], what: str, path: Path) -> str:
    fitting = [name for name in names if name.lower() in words]
    called = "image" if what == "images" else "label"
    if len(fitting) != 1:
        found = one_line(ValueError(", ".join(names)))
        raise UserError(f"{path}: no single column of {what}; call it {called}; found: {found}")
    return fitting[0]


def _pixels(held: list[Any], path: Path) -> NDArray[np.generic]:
    """Pictures as bytes, as {bytes, path}, or as lists of numbers."""
    raw: list[Any] = [one.get("bytes") if isinstance(one, dict) else one for one in held]
    if raw and all(isinstance(one, bytes) for one in raw):
        names = [f"{path}: row {k}" for k in range(len(raw))]
        return stacked([decode(one, name) for one, name in zip(raw, names, strict=True)], names)
    try:
        return np.array(raw, np.float32)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{path}: images are neither pictures nor lists of numbers of one length "
            f"({one_line(error)}); write their bytes into the column"
        ) from error


def _class_names(metadata: dict[bytes, bytes], column: str) -> tuple[str, ...] | None:
    """The names that ``datasets.ClassLabel`` has for the labels."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        names = features[column]["names"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return tuple(names) if texts and names else None


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise UserError(
            "Parquet files need the extra: pip install 'spikeoff[parquet]'; or write the images as "
            "an .npz with x_train, y_train, x_test, y_test"
        ) from error
    return pyarrow
