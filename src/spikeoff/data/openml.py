"""Data sets by name from OpenML, fetched once by scikit-learn and kept as ``.npz``."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from spikeoff import cache_folder as caches
from spikeoff.data import npz
from spikeoff.data.images import Dataset, make_dataset
from spikeoff.errors import UserError, one_line

OPENML_NAMES = {
    "mnist_784": "mnist_784",
    "fashion-mnist": "Fashion-MNIST",
    "kuzushiji-mnist": "Kuzushiji-MNIST",
}

CLASSES = {
    "fashion-mnist": (
        "T-shirt", "trouser", "pullover", "dress", "coat",
        "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ),
    "kuzushiji-mnist": ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
}  # fmt: skip
"""Names of the classes that are no digits."""

N_TRAIN = 60_000
"""OpenML keeps these data sets as one table, training images first."""


def cache_folder() -> Path:
    """Where fetched data sets are kept."""
    return caches.cache_folder() / "data"


def load(name: str) -> Dataset:
    """The named data set, from the cache or, the first time, from OpenML.

    Raises:
        UserError: it cannot be fetched, or what came is not what the name promises.
    """
    if is_cached(name):
        return npz.load(_cached(name), name, CLASSES.get(name))
    dataset = _fetch(name)
    npz.save(dataset, _cached(name))
    return dataset


def is_cached(name: str) -> bool:
    """Whether the named data set is there without the network."""
    return _cached(name).is_file()


def _cached(name: str) -> Path:
    return cache_folder() / f"{name}.npz"


def _fetch(name: str) -> Dataset:
    from sklearn.datasets import fetch_openml  # noqa: PLC0415 (a second to import)

    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"fetching {name} from OpenML (once; some minutes)")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task(f"fetching {name} from OpenML (once; some minutes)")
        try:
            table = fetch_openml(
                OPENML_NAMES[name], version=1, as_frame=False, parser="liac-arff", cache=False
            )
            pixels, labels = table.data, table.target.astype("int64")
        except Exception as error:  # the network, the server and the parser each raise their own
            raise UserError(
                f"{name}: cannot be fetched from OpenML ({one_line(error)}); "
                "check the connection, or give a file by --mnist_path"
            ) from error
    if len(pixels) <= N_TRAIN:
        raise UserError(f"{name}: OpenML sent {len(pixels)} images; over {N_TRAIN} are expected")
    return make_dataset(
        name, (pixels[:N_TRAIN], labels[:N_TRAIN]), (pixels[N_TRAIN:], labels[N_TRAIN:]),
        classes=CLASSES.get(name),
    )  # fmt: skip
