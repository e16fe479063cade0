"""Evaluation of a Diehl & Cook network from its responses on disk.

Neurons are labelled by training responses. Where a folder has test responses alone, as files of
the circulated code do, one half labels and the other is scored. The accuracy with
labels from the test responses themselves is reported too: the leak of the circulated evaluation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from spikeoff.contenders.diehl_cook import files
from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.contender import DiehlCook
from spikeoff.contenders.diehl_cook.initial_layers import THETA, find_weights
from spikeoff.contenders.diehl_cook.readout import VOTES, Counts, Readout, Vote, read
from spikeoff.data import Images, load_dataset
from spikeoff.data.tensors import read_tensors
from spikeoff.errors import UserError
from spikeoff.files import write_text
from spikeoff.plotting import save_figure
from spikeoff.report.evaluation_figures import assignments_figure, errors_figure
from spikeoff.report.figures import confusion_figure
from spikeoff.run.folder import WEIGHTS

Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class Evaluation:
    """What the responses say.

    source: where the labels of the neurons are from, in words.
    readout: labels and votes.
    accuracy: fraction by vote.
    leaked: the same, had the test responses labelled the neurons.
    vote: the one that the answers below are by.
    first: number of the first response that was scored.
    labels, answers: true digits and those by the chosen vote.
    """

    source: str
    readout: Readout
    accuracy: dict[str, float]
    leaked: dict[str, float]
    vote: Vote
    first: int
    labels: Labels
    answers: NDArray[np.int64]


def judge(
    responses: Counts, labels: Labels, training: tuple[Counts, Labels] | None, vote: Vote
) -> Evaluation:
    """Score test responses [n, neurons] with neurons labelled by ``training``, or by a half."""
    first = 0
    if training is None:
        first = len(labels) // 2
        training = responses[:first], labels[:first]
        source = f"{first:,} of the test responses (there are no training responses)"
    else:
        source = f"{len(training[1]):,} training responses"
    scored, true = responses[first:], labels[first:]
    readout, leak = read(*training), read(responses, labels)
    vote = readout.possible(vote)
    return Evaluation(
        source, readout, _accuracies(readout, scored, true), _accuracies(leak, scored, true),
        vote, first, true, readout.answers(scored, vote),
    )  # fmt: skip


def evaluate(
    save_path: Path,
    mnist_path: str,
    *,
    n_e: int | None,
    n_e2: int,
    num_examples: int | None,
    vote: Vote,
    console: Console,
) -> Evaluation:
    """Evaluate the responses in ``save_path``; print a table and draw three figures there.

    Raises:
        UserError: files are missing or damaged, or do not fit each other, the sizes or the images.
    """
    responses, labels = files.read_responses(save_path, files.FINAL)
    if n_e is not None and responses.shape[1] != n_e + n_e2:
        raise UserError(
            f"`n_e` (={n_e}) and `n_e2` (={n_e2}) do not fit the {responses.shape[1]} neurons in "
            f"{save_path / 'result_monitor_final.npy'}; leave them out, or name another folder"
        )
    if num_examples is None:
        num_examples = len(labels)
    if not 2 <= num_examples <= len(labels):
        raise UserError(
            f"`num_examples` (={num_examples}) must be from 2 to {len(labels)}, the test responses "
            f"in {save_path}"
        )
    responses, labels = responses[:num_examples], labels[:num_examples]
    training = None
    if (save_path / f"result_monitor_{files.TRAINING}.npy").is_file():
        training = files.read_responses(save_path, files.TRAINING)
        if training[0].shape[1] != responses.shape[1]:
            raise UserError(
                f"{save_path}: training responses have {training[0].shape[1]} neurons, test "
                f"responses {responses.shape[1]}; both must be of one network"
            )
    images = load_dataset(mnist_path).test
    if len(images) < num_examples or (images.labels[:num_examples] != labels).any():
        raise UserError(
            f"{save_path}: the digits in input_numbers_final.npy are not those of the test images "
            f"of {mnist_path!r}; name the data set that was answered with --mnist_path"
        )
    result = judge(responses, labels, training, vote)
    _show(result, console)
    _write(result, images.take(slice(result.first, num_examples)), save_path)
    return result


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


def _accuracies(readout: Readout, responses: Counts, labels: Labels) -> dict[str, float]:
    votes = [vote for vote in VOTES if readout.possible(vote) == vote]
    return {vote: float((readout.answers(responses, vote) == labels).mean()) for vote in votes}


def _show(result: Evaluation, console: Console) -> None:
    table = Table(title=f"{len(result.labels):,} test responses")
    table.add_column("Vote")
    table.add_column("Accuracy (%)", justify="right")
    table.add_column("Had the test set labelled (%)", justify="right")
    for name, accuracy in result.accuracy.items():
        shown = f"{name} (drawn)" if name == result.vote else name
        table.add_row(shown, f"{100 * accuracy:.2f}", f"{100 * result.leaked[name]:.2f}")
    console.print(table)
    assigned = result.readout.assigned
    console.print(
        f"Neurons labelled by {result.source}. {int((assigned < 0).sum())} of {len(assigned)} "
        "neurons never fired and stand for no digit. The last column leaks test labels and is no "
        "result.",
        highlight=False,
    )


def _write(result: Evaluation, images: Images, folder: Path) -> None:
    n_classes = len(result.readout.means)
    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (result.labels, result.answers), 1)
    title = f"Diehl & Cook: {100 * result.accuracy[result.vote]:.2f} % by {result.vote} vote"
    save_figure(lambda: confusion_figure(counts, title), folder / "confusion_matrix.png")
    save_figure(
        lambda: errors_figure(images.pixels, result.labels, result.answers),
        folder / "error_examples.png",
    )
    save_figure(
        lambda: assignments_figure(result.readout.assigned, result.readout.means),
        folder / "assignments.png",
    )
    record: dict[str, Any] = {
        "labelled_by": result.source,
        "scored": len(result.labels),
        "accuracy": result.accuracy,
        "leaked_accuracy": result.leaked,
        "unassigned_neurons": int((result.readout.assigned < 0).sum()),
    }
    write_text(folder / "evaluation.json", json.dumps(record, indent=2) + "\n")
