"""MNIST with fewer images, for runs whose accuracy is not the point."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from spikeoff.data import Dataset, load_dataset
from spikeoff.data.export import export

N_TRAIN, N_TEST = 10_000, 500


@functools.cache
def dataset() -> Dataset:
    """The first training and test images."""
    whole = load_dataset()
    train, test = (
        part.take(slice(0, n)) for part, n in ((whole.train, N_TRAIN), (whole.test, N_TEST))
    )
    return replace(whole, train=train, test=test)


@functools.cache
def path() -> str:
    """A file with ``dataset()``, which lasts as long as this process."""
    folder = Path(tempfile.mkdtemp(prefix="few-images-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    export(dataset(), "npz", folder)
    return str(folder / "mnist.npz")
