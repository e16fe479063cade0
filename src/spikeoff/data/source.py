"""A data set by its name or by the path of its file or folder."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from spikeoff.data import delimited, idx, image_folder, npz, openml, parquet, pickled
from spikeoff.data.images import Dataset, make_dataset
from spikeoff.data.parts import find_sets
from spikeoff.data.pictures import is_picture
from spikeoff.errors import UserError, one_line

EMBEDDED = "mnist"
EMBEDDED_FOLDER = Path(__file__).parent / "mnist"


def load_dataset(source: str = EMBEDDED) -> Dataset:
    """The data set that ``source`` names or lies at.

    Args:
        source: ``mnist`` (embedded), ``mnist_784``, ``fashion-mnist`` or ``kuzushiji-mnist``
            (from OpenML, kept in a cache), or a path: folders of pictures by class, the four IDX
            files, an ``.npz``, CSV, a pickle or Parquet (docs/data.md), or a folder that holds one
            of these.

    Raises:
        UserError: nothing readable is there; the message names the file and the fault.
    """
    if source.lower() == EMBEDDED:
        return replace(_load_embedded(), source=EMBEDDED)
    if source.lower() in openml.OPENML_NAMES:
        return replace(openml.load(source.lower()), source=source.lower())
    path = Path(source).expanduser()
    if path.exists():
        dataset = _load_folder(path) if path.is_dir() else _load_file(path)
        return replace(dataset, source=str(path.absolute()))
    names = ", ".join([EMBEDDED, *openml.OPENML_NAMES])
    raise UserError(f"{source!r}: no such file, folder or data set; names are {names}")


def _load_embedded() -> Dataset:
    # Unpacking releases the interpreter's lock: the four files are unpacked side by side.
    stems = [stem for part in ("train", "test") for stem in idx.STEMS[part]]
    with ThreadPoolExecutor() as pool:
        arrays = list(
            pool.map(
                lambda stem: idx.read_array(
                    EMBEDDED_FOLDER / f"{stem}.gz", 3 if "images" in stem else 1
                ),
                stems,
            )
        )
    return make_dataset(EMBEDDED, (arrays[0], arrays[1]), (arrays[2], arrays[3]))


Loader = Callable[[Path, str], Dataset]

FORMATS: dict[tuple[str, ...], Loader] = {
    (".npz",): npz.load,
    pickled.PICKLES: pickled.load,
    delimited.TABLES: delimited.load,
}
"""Formats of which a file or its pair is a data set, by the endings of names."""


def _load_folder(folder: Path) -> Dataset:
    try:
        return _load_what_is_in(folder)
    except OSError as error:
        raise UserError(f"{folder}: cannot be read: {one_line(error)}") from error


def _load_what_is_in(folder: Path) -> Dataset:
    places = idx.find_folders(folder)
    if places:
        return idx.load_folder(_only(places, folder))
    for endings, load in FORMATS.items():
        sets = find_sets(folder, endings)
        if sets:
            chosen = _only(sets, folder)
            return load(chosen, _stem(chosen))
    if parquet.find_files(folder):
        return parquet.load(folder)
    if image_folder.find_parts(folder):
        return image_folder.load(folder)
    if openml.found_in(folder):
        return openml.load_from(folder)
    held = sorted(path.name for path in folder.iterdir())
    found = f"found {', '.join(held[:5])}{', ...' * (len(held) > 5)}" if held else "it is empty"
    raise UserError(
        f"{folder}: no data set in this folder ({found}); it needs folders of pictures by class, "
        "the four IDX files, an .npz, a .csv, a .pkl.gz or .parquet files"
    )


def _only(found: list[Path], folder: Path) -> Path:
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(folder)) for path in found[:5])
        raise UserError(f"{folder}: holds several data sets ({names}); name the one that you mean")
    return found[0]


def _load_file(path: Path) -> Dataset:
    for endings, load in FORMATS.items():
        if path.name.endswith(endings):
            return load(path, _stem(path))
    if path.name.endswith(parquet.PARQUET):
        return parquet.load(path)
    if "idx" in path.name:
        return idx.load_file(path)
    if is_picture(path):
        raise UserError(
            f"{path}: unknown format for a data set, a single picture; name a folder with one "
            "folder of pictures per class"
        )
    raise UserError(
        f"{path}: unknown format; folders of pictures, IDX (names with 'idx'), .npz, .csv, .tsv, "
        ".pkl, .pickle and .parquet are read"
    )


def _stem(path: Path) -> str:
    return path.name.split(".")[0]
