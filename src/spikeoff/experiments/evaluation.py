"""Evaluation of a Diehl & Cook network from its responses on disk.

Neurons are labelled by training responses. Where a folder has test responses alone, one half labels
and the other is scored. The accuracy with labels from the test responses themselves is reported
too: the leak of the circulated evaluation. Files of the original scripts are read likewise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from spikeoff.contenders.diehl_cook import files
from spikeoff.contenders.diehl_cook.original_evaluation import (
    activity_folder,
    original_answers,
    read_original,
)
from spikeoff.contenders.diehl_cook.readout import VOTES, Counts, Readout, Vote, read
from spikeoff.data import Dataset, Images, load_dataset
from spikeoff.errors import UserError
from spikeoff.files import write_text
from spikeoff.plotting import save_figure
from spikeoff.report.evaluation_figures import assignments_figure, errors_figure
from spikeoff.report.figures import confusion_figure
from spikeoff.run.metrics_file import Row, write_metrics

Labels = NDArray[np.uint8]

ScoredVote = Vote | Literal["original"]
"""A vote of the network, or the evaluation of the original scripts (class mean, other ties)."""


@dataclass(frozen=True)
class Evaluation:
    """What the responses say.

    source: where the labels of the neurons are from, in words.
    readout: labels and votes.
    accuracy: fraction by vote.
    leaked: the same, had the test responses labelled the neurons.
    vote: the one that the figures are by.
    first: number of the first response that was scored.
    responses, labels: [n, neurons] and [n] that were scored.
    answers: [n] by vote.
    """

    source: str
    readout: Readout
    accuracy: dict[str, float]
    leaked: dict[str, float]
    vote: ScoredVote
    first: int
    responses: Counts
    labels: Labels
    answers: dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class _Found:
    """Responses on disk: to test images with their digits, and those that label the neurons.

    source: what labels them, in words; None for the default ones.
    original: whether the files are those of the original scripts.
    """

    final: tuple[Counts, Labels]
    training: tuple[Counts, Labels] | None
    source: str | None = None
    original: bool = False


def judge(
    responses: Counts,
    labels: Labels,
    training: tuple[Counts, Labels] | None,
    vote: ScoredVote,
    source: str | None = None,
) -> Evaluation:
    """Score test responses [n, neurons] with neurons labelled by ``training``, or by a half.

    ``source`` says in words whose responses ``training`` are.
    """
    first = 0
    if training is None:
        first = len(labels) // 2
        training = responses[:first], labels[:first]
        source = f"{first:,} of the test responses (there are no training responses)"
    elif source is None:
        source = f"{len(training[1]):,} training responses"
    scored, true = responses[first:], labels[first:]
    readout, leak = read(*training), read(responses, labels)
    answers, leaked = _answers(readout, scored), _answers(leak, scored)
    return Evaluation(
        source, readout, _accuracies(answers, true), _accuracies(leaked, true),
        vote if vote in answers else "proportional", first, scored, true, answers,
    )  # fmt: skip


def evaluate(
    save_path: Path,
    mnist_path: str,
    *,
    n_e: int | None,
    n_e2: int,
    num_examples: int | None,
    vote: ScoredVote | None,
    console: Console,
    testing_ending: str | None = None,
    training_ending: str | None = None,
) -> Evaluation:
    """Evaluate the responses in ``save_path``; print a table, write tables and three figures there.

    Raises:
        UserError: files are missing or damaged, or do not fit each other, the sizes or the images.
    """
    dataset = load_dataset(mnist_path)
    found = _responses(save_path, dataset, testing_ending, training_ending)
    responses, labels = found.final
    if n_e is not None and responses.shape[1] != n_e + n_e2:
        raise UserError(
            f"`n_e` (={n_e}) and `n_e2` (={n_e2}) do not fit the {responses.shape[1]} neurons of "
            f"the responses in {save_path}; leave them out, or name another folder"
        )
    if num_examples is None:
        num_examples = len(labels)
    if not 2 <= num_examples <= len(labels):
        raise UserError(
            f"`num_examples` (={num_examples}) must be from 2 to {len(labels)}, the test responses "
            f"in {save_path}"
        )
    responses, labels = responses[:num_examples], labels[:num_examples]
    if found.training is not None and found.training[0].shape[1] != responses.shape[1]:
        raise UserError(
            f"{save_path}: training responses have {found.training[0].shape[1]} neurons, test "
            f"responses {responses.shape[1]}; both must be of one network"
        )
    images = dataset.test
    if len(images) < num_examples or (images.labels[:num_examples] != labels).any():
        raise UserError(
            f"{save_path}: the digits of the responses are not those of the test images "
            f"of {mnist_path!r}; name the data set that was answered with --mnist_path"
        )
    default: ScoredVote = "original" if found.original else "proportional"
    result = judge(responses, labels, found.training, vote or default, found.source)
    _show(result, console)
    _write(result, images.take(slice(result.first, num_examples)), save_path)
    return result


def _responses(folder: Path, dataset: Dataset, testing: str | None, training: str | None) -> _Found:
    """Those of our own run in ``folder``, or else of the original scripts."""
    ours = (folder / f"result_monitor_{files.FINAL}.npy").is_file()
    activity = activity_folder(folder)
    if activity is not None and not (ours and testing is None and training is None):
        original = read_original(activity, dataset, testing, training)
        source = None
        if original.training is not None:
            source = f"{len(original.training[1]):,} responses in {original.labelled_by}"
            if original.leaks:
                source += ", the scored ones: all accuracies leak test labels"
        return _Found(original.final, original.training, source, original=True)
    if testing is not None or training is not None:
        flag = "testing_ending" if testing is not None else "training_ending"
        raise UserError(
            f"`{flag}` (={testing or training}): no resultPopVecs*.npy in {folder} or its "
            "activity/; leave it out, or name another folder with --save_path"
        )
    final = files.read_responses(folder, files.FINAL)
    if not (folder / f"result_monitor_{files.TRAINING}.npy").is_file():
        return _Found(final, None)
    return _Found(final, files.read_responses(folder, files.TRAINING))


def _answers(readout: Readout, responses: Counts) -> dict[str, NDArray[np.int64]]:
    """By vote."""
    votes = [vote for vote in VOTES if readout.possible(vote) == vote]
    ours = {str(vote): readout.answers(responses, vote) for vote in votes}
    return {"original": original_answers(readout.means, responses)} | ours


def _accuracies(answers: dict[str, NDArray[np.int64]], labels: Labels) -> dict[str, float]:
    return {vote: float((given == labels).mean()) for vote, given in answers.items()}


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
    answers = result.answers[result.vote]
    np.add.at(counts, (result.labels, answers), 1)
    title = f"Diehl & Cook: {100 * result.accuracy[result.vote]:.2f} % by {result.vote} vote"
    save_figure(lambda: confusion_figure(counts, title), folder / "confusion_matrix.png")
    save_figure(
        lambda: errors_figure(images.pixels, result.labels, answers),
        folder / "error_examples.png",
    )
    save_figure(
        lambda: assignments_figure(result.readout.assigned, result.readout.means),
        folder / "assignments.png",
    )
    spikes = result.responses.sum(axis=1)
    record: dict[str, Any] = {
        "labelled_by": result.source,
        "scored": len(result.labels),
        "accuracy": result.accuracy,
        "leaked_accuracy": result.leaked,
        "unassigned_neurons": int((result.readout.assigned < 0).sum()),
        "spikes_per_image": float(spikes.mean()),
        "images_without_spikes": int((spikes == 0).sum()),
    }
    write_text(folder / "evaluation.json", json.dumps(record, indent=2) + "\n")
    write_metrics(folder / "predictions.csv", _predictions(result, images, spikes))
    means = result.readout.means
    write_metrics(
        folder / "assignments.csv",
        [
            {"neuron": j, "digit": int(digit), "mean_response": float(means[:, j].max())}
            for j, digit in enumerate(result.readout.assigned)
        ],
    )


def _predictions(result: Evaluation, images: Images, spikes: NDArray[np.int64]) -> list[Row]:
    """One row per image: its number, its digit, the answer by each vote, and all its spikes."""
    columns: dict[str, NDArray[Any]] = {"image": images.ids, "digit": result.labels}
    columns |= result.answers | {"spikes": spikes}
    lines = zip(*columns.values(), strict=True)
    return [dict(zip(columns, map(float, line), strict=True)) for line in lines]
