"""Data sets by name from OpenML, fetched once by scikit-learn and kept as ``.npz``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

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

DATA_IDS = {"mnist_784": 554, "fashion-mnist": 40996, "kuzushiji-mnist": 41982}
"""OpenML's numbers of the data sets, by which scikit-learn's cache keeps them."""

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
    home = sklearn_home()
    dataset = _fetch(name, home if name in found_in(home) else None)
    npz.save(dataset, _cached(name))
    return dataset


def is_cached(name: str) -> bool:
    """Whether the named data set is there without the network."""
    return _cached(name).is_file()


def sklearn_home() -> Path:
    """Where scikit-learn keeps data sets by default."""
    return Path(os.environ.get("SCIKIT_LEARN_DATA", "~/scikit_learn_data")).expanduser()


def found_in(home: Path) -> list[str]:
    """The data sets that scikit-learn's ``fetch_openml`` has fetched into ``home``."""
    known = home / "openml" / "openml.org" / "api" / "v1" / "json" / "data"
    return [name for name, number in DATA_IDS.items() if (known / f"{number}.gz").is_file()]


def load_from(home: Path) -> Dataset:
    """The data set in scikit-learn's cache ``home``.

    Raises:
        UserError: there are several, or it is damaged.
    """
    names = found_in(home)
    if len(names) != 1:
        raise UserError(
            f"{home}: scikit-learn's cache holds {' and '.join(names)}; give one of these names "
            f"(with SCIKIT_LEARN_DATA={home})"
        )
    return _fetch(names[0], home)


def _cached(name: str) -> Path:
    return cache_folder() / f"{name}.npz"


def _fetch(name: str, home: Path | None) -> Dataset:
    """The named data set from scikit-learn's cache ``home``, or else from OpenML."""
    from sklearn.datasets import fetch_openml  # noqa: PLC0415 (a second to import)

    console = Console(stderr=True)
    origin = "OpenML" if home is None else "scikit-learn's cache of OpenML"
    told = f"fetching {name} from {origin} (once; some minutes)"
    if not console.is_terminal:
        console.print(told)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task(told)
        which: dict[str, Any] = (
            {"name": OPENML_NAMES[name], "version": 1, "cache": False}
            if home is None
            else {"data_id": DATA_IDS[name], "cache": True, "data_home": str(home)}
        )
        try:
            table = fetch_openml(**which, as_frame=False, parser="liac-arff")
            pixels, labels = table.data, table.target.astype("int64")
        except Exception as error:  # the network, the server and the parser each raise their own
            raise UserError(
                f"{name}: cannot be fetched from {origin} ({one_line(error)}); "
                "check the connection, or give a file by --mnist_path"
            ) from error
    if len(pixels) <= N_TRAIN:
        raise UserError(f"{name}: OpenML sent {len(pixels)} images; over {N_TRAIN} are expected")
    return make_dataset(
        name, (pixels[:N_TRAIN], labels[:N_TRAIN]), (pixels[N_TRAIN:], labels[N_TRAIN:]),
        classes=CLASSES.get(name), notes=(f"from {origin}",),
    )  # fmt: skip
