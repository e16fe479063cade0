"""A data set by its name or by the path of its file or folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from spikeoff.data import idx, npz, openml, pickled
from spikeoff.data.images import Dataset, make_dataset
from spikeoff.errors import UserError

EMBEDDED = "mnist"
EMBEDDED_FOLDER = Path(__file__).parent / "mnist"

PICKLE_ENDINGS = (".pkl.gz", ".pickle.gz", ".pkl", ".pickle")


def load_dataset(source: str = EMBEDDED) -> Dataset:
    """The data set that ``source`` names or lies at.

    Args:
        source: ``mnist`` (embedded), ``mnist_784``, ``fashion-mnist`` or ``kuzushiji-mnist``
            (from OpenML, kept in a cache), or a path: a folder of the four IDX files (plain or
            .gz), a Keras ``.npz``, a ``.pkl.gz``, or a folder that holds one of these.

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


def _load_folder(folder: Path) -> Dataset:
    if idx.find_files(folder):
        return idx.load_folder(folder, folder.name)
    files = sorted(path for path in folder.iterdir() if path.is_file())
    for endings in ((".npz",), PICKLE_ENDINGS):
        fitting = [path for path in files if path.name.endswith(endings)]
        if fitting:
            return _load_file(fitting[0])
    raise UserError(
        f"{folder}: no data set in this folder; it needs the four IDX files, an .npz or a .pkl.gz"
    )


def _load_file(path: Path) -> Dataset:
    if path.name.endswith(".npz"):
        return npz.load(path, path.stem)
    if path.name.endswith(PICKLE_ENDINGS):
        return pickled.load(path, path.name.split(".")[0])
    if "idx" in path.name:
        return idx.load_folder(path.parent, path.parent.name)
    raise UserError(
        f"{path}: unknown format; IDX (names with 'idx'), .npz, .pkl.gz and .pickle are read"
    )
