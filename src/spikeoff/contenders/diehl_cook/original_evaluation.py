"""The responses that the original scripts leave, and their evaluation of them.

    activity/resultPopVecs<N>.npy   spikes [images, neurons]
    activity/inputNumbers<N>.npy    digits [images]

A neuron stands for the digit with its highest mean response; a tie goes to the lower digit. The
score of a digit is the mean number of spikes of its neurons, 0 where it has none. The highest score
is the answer; a tie goes to the *higher* digit, so that an image without a spike is answered with
9. The class-mean vote (``readout``) is the same but for the last tie.

Source: P. U. Diehl and M. Cook, "Unsupervised learning of digit recognition using
spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9:99, 2015, and the
evaluation script of its code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.files import read_response_files
from spikeoff.contenders.diehl_cook.readout import Counts
from spikeoff.data import Dataset
from spikeoff.errors import UserError

RESPONSES, DIGITS = "resultPopVecs", "inputNumbers"

Labels = NDArray[np.uint8]
Pair = tuple[Counts, Labels]


@dataclass(frozen=True)
class OriginalFiles:
    """What a folder holds.

    final: responses to the test images, and their digits.
    training: those that label the neurons; None where there are none.
    labelled_by: the file of ``training``.
    leaks: whether that is the file of ``final``, as with the original script's own endings.
    """

    final: Pair
    training: Pair | None
    labelled_by: str
    leaks: bool


def activity_folder(folder: Path) -> Path | None:
    """The folder with responses of the original scripts: ``folder``, its ``activity``, or None."""
    for place in (folder, folder / "activity"):
        if any(place.glob(f"{RESPONSES}*.npy")):
            return place
    return None


def read_original(
    folder: Path, dataset: Dataset, testing: str | None = None, training: str | None = None
) -> OriginalFiles:
    """The responses in an activity folder.

    File names do not say whose responses they are. Without an ending, the digits do: they are
    those of the test images, or those of the training images, from the first.

    Args:
        folder: with ``resultPopVecs<N>.npy`` and ``inputNumbers<N>.npy``.
        dataset: whose images were answered.
        testing, training: endings <N> of the files with responses to test and to training images.

    Raises:
        UserError: a file is missing or damaged, or it is not clear which one is meant.
    """
    paths = sorted(folder.glob(f"{RESPONSES}*.npy"))
    read = {path.stem.removeprefix(RESPONSES): path for path in paths}
    for flag, ending in (("testing_ending", testing), ("training_ending", training)):
        if ending is not None and ending not in read:
            raise UserError(
                f"`{flag}` (={ending}): no {RESPONSES}{ending}.npy in {folder}; there are "
                f"{', '.join(path.name for path in paths)}"
            )
    pairs = {
        ending: read_response_files(path, folder / f"{DIGITS}{ending}.npy")
        for ending, path in read.items()
        if None in (testing, training) or ending in (testing, training)
    }
    if testing is None:
        testing = _only(folder, _answering(pairs, dataset.test.labels), "test", "testing_ending")
        if testing is None:
            raise UserError(
                f"{folder}: the digits of no {DIGITS}*.npy are those of the test images of "
                f"{dataset.source!r}; name the data set that was answered with --mnist_path"
            )
    if training is None:
        others = {ending: pair for ending, pair in pairs.items() if ending != testing}
        fitting = _answering(others, dataset.train.labels)
        training = _only(folder, fitting, "training", "training_ending")
    return OriginalFiles(
        final=pairs[testing],
        training=None if training is None else pairs[training],
        labelled_by="" if training is None else read[training].name,
        leaks=training == testing,
    )


def original_answers(means: NDArray[np.float64], responses: Counts) -> NDArray[np.int64]:
    """[n] the answers of the original evaluation.

    Args:
        means: [classes, neurons] mean responses to each digit, of the training images.
        responses: [n, neurons] to be answered.
    """
    assigned = np.where(means.max(axis=0) > 0, means.argmax(axis=0), -1)
    chosen = assigned[:, None] == np.arange(len(means))
    sums = responses.astype(np.float64) @ chosen
    scores = sums / np.maximum(1, chosen.sum(axis=0))
    answers: NDArray[np.int64] = len(means) - 1 - scores[:, ::-1].argmax(axis=1)
    return answers


def _answering(pairs: dict[str, Pair], labels: Labels) -> list[str]:
    """The endings whose digits are the first of ``labels``."""
    return [
        ending
        for ending, (_, digits) in pairs.items()
        if np.array_equal(digits, labels[: len(digits)])
    ]


def _only(folder: Path, found: list[str], kind: str, flag: str) -> str | None:
    if len(found) > 1:
        raise UserError(
            f"{folder}: {', '.join(f'{RESPONSES}{one}.npy' for one in found)} are all of {kind} "
            f"images; name one with --{flag}"
        )
    return found[0] if found else None
