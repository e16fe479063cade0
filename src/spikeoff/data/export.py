"""Writing a data set in the formats that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from spikeoff.data import idx, npz, pickled
from spikeoff.data.images import Dataset

Format = Literal["idx", "npz", "pkl.gz"]


def export(dataset: Dataset, file_format: Format, folder: Path) -> list[Path]:
    """Write ``dataset`` into ``folder``; returns the paths written.

    ``idx`` writes the four published files (.gz), ``npz`` Keras's ``mnist.npz``, ``pkl.gz``
    Theano's ``mnist.pkl.gz``.
    """
    if file_format == "idx":
        return idx.write_folder(dataset, folder)
    if file_format == "npz":
        return npz.save(dataset, folder / "mnist.npz")
    return pickled.save(dataset, folder / "mnist.pkl.gz")
