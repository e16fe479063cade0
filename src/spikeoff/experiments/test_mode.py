"""``spikeoff train diehl-cook --test_mode``: answer the test images with trained weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from spikeoff.contenders.diehl_cook import files
from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.contender import DiehlCook
from spikeoff.contenders.diehl_cook.initial_layers import THETA, find_weights
from spikeoff.data import load_dataset
from spikeoff.data.tensors import read_tensors
from spikeoff.errors import UserError
from spikeoff.run.folder import WEIGHTS


def test_only(config: DiehlCookConfig, console: Console) -> Path:
    """Answer test images with trained weights, train nothing; returns the folder of the responses.

    Raises:
        UserError: there are no weights, or they do not fit.
    """
    folder = config.save_path or files.RESULTS
    images = load_dataset(config.mnist_path).test
    wanted = config.num_examples or len(images)
    if wanted > len(images):
        raise UserError(
            f"`num_examples` (={wanted}) must be at most {len(images)}, the test images"
        )
    source = _trained(config.save_path, config.data_path)
    contender = DiehlCook(replace(config, data_path=source, resume_from=None))
    state = source / WEIGHTS
    if state.is_file():
        contender.restore(read_tensors(state))
    console.print(f"weights from {source}", highlight=False, soft_wrap=True)
    if not (source / f"{THETA}.npy").is_file():
        console.print(
            f"[bold]These weights are untrained[/bold]: {source} has no theta_A.npy, which "
            "training leaves; the accuracy below is that of a network that has learned nothing.",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    images = images.take(slice(0, wanted))
    response = contender.respond(images)
    if response.hidden is not None:
        files.write_responses(folder, response.hidden, images.labels, files.FINAL)
    return folder


def _trained(save_path: Path | None, data_path: Path | None) -> Path:
    """The first folder with trained weights; where there are initial ones alone, with those.

    ./results counts only where no data_path is named. Within a place, the circulated code keeps
    trained weights in ``weights``, beside the initial ones in ``random``.
    """
    sought = (save_path, files.RESULTS if data_path is None else data_path)
    places = [place for place in sought if place is not None]
    trained = [folder for place in places for folder in (place, place / "weights")]
    trained += [place.parent / "weights" for place in places if place.name == "random"]
    for folder in (*trained, *(place / "random" for place in places)):
        if (folder / "XeAe.npy").is_file() and (folder / f"{THETA}.npy").is_file():
            return folder
    found = [folder for folder in map(find_weights, places) if folder is not None]
    if found:
        return found[0]
    raise UserError(
        f"no XeAe.npy in {' or '.join(map(str, places))}; train first, or name a folder with "
        "--data_path"
    )
