"""Trained networks in the package: a folder of a finished run for each, named after its contender.

``benchmarks/make_pretrained.py`` makes them. Their synaptic weights are rounded to 8 significant
bits (``weights.npz``), and their accuracies, answers and costs are those of the network with these
weights.
"""

from __future__ import annotations

from pathlib import Path

from spikeoff.errors import UserError

HERE = Path(__file__).parent


def pretrained_names() -> list[str]:
    """The names of the networks that are in the package, in alphabetical order."""
    return sorted(path.parent.name for path in HERE.glob("*/summary.json"))


def pretrained_folder(name: str) -> Path:
    """The folder of the run of a pretrained network.

    Raises:
        UserError: there is no network of that name.
    """
    if name not in pretrained_names():
        raise UserError(
            f"{name!r} is no pretrained network; choose from {', '.join(pretrained_names())}"
        )
    return HERE / name


def run_folder(place: Path) -> Path:
    """The folder that a user means: one that exists, or that of a pretrained network by its name.

    Raises:
        UserError: it is neither.
    """
    if place.exists():
        return place
    if str(place) in pretrained_names():
        return HERE / place
    raise UserError(
        f"{place}: no run in this folder, which does not exist, and no pretrained network; these "
        f"are {', '.join(pretrained_names())}"
    )
