"""``robustness.json``: how a run's trained network answers under corruption."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spikeoff.errors import UserError
from spikeoff.run.json_files import plain, read_json, write_json

ROBUSTNESS = "robustness.json"
VERSION = 1
"""Of the file's keys; it changes where a key changes its meaning."""

Kind = Literal["image", "spikes", "weights"]


@dataclass(frozen=True)
class Condition:
    """One corruption at one severity, and the accuracy under it.

    kind: what is corrupted.
    name: of the corruption.
    severity: 1 to 5 for images and spikes; 1 to 3 for weights.
    amount, unit: what the severity stands for.
    accuracy: fraction of the images that were classified correctly.
    """

    kind: Kind
    name: str
    severity: int
    amount: float
    unit: str
    accuracy: float


@dataclass(frozen=True)
class Robustness:
    """All conditions of a run.

    contender, seed: of the run; the contender with its engine, as a race calls it.
    n_images, noise_seed: how many test images, evenly spread, and the seed of the corruptions.
    data_sha256: of the data set.
    clean: accuracy on the same images without corruption.
    unavailable: kinds of corruption that this network cannot be given, with the reason.
    """

    version: int
    contender: str
    seed: int
    n_images: int
    noise_seed: int
    data_sha256: str
    clean: float
    conditions: tuple[Condition, ...]
    unavailable: dict[str, str]


def write_robustness(folder: Path, robustness: Robustness) -> Path:
    """Write the file into the folder of its run; returns its path."""
    path = folder / ROBUSTNESS
    write_json(path, plain(robustness))
    return path


def read_robustness(folder: Path) -> Robustness | None:
    """What was measured for the run in ``folder``; None where nothing was.

    Raises:
        UserError: the file is damaged, or of another version.
    """
    path = folder / ROBUSTNESS
    if not path.is_file():
        return None
    found = read_json(path, Robustness)
    accuracies = [found.clean, *(one.accuracy for one in found.conditions)]
    if found.version != VERSION or not all(0 <= one <= 1 for one in accuracies):
        raise UserError(
            f"{path}: not of version {VERSION}, or an accuracy is not from 0 to 1; "
            "run spikeoff robust again"
        )
    return found
