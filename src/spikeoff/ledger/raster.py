"""The spikes that a few test images evoke, step by step: a run keeps them in ``raster.npz``.

    ids, labels, answers [k]        the images, their classes, and what the network answered
    pixels [k, height, width, ...]  uint8
    inputs [k, steps, pixels]       1 where an input fires, packed eight to a byte
    hidden [k, steps, n]            the same for hidden neurons
    scores [k, steps, classes]      what speaks for each class after each step, float32
    speaks_for [n]                  the class that each hidden neuron speaks for most, -1: none
    dt, unit                        ms per step; what the scores are, as the bytes of UTF-8

The images are the first of each class in the test set, so that all contenders show the same ones
and nobody chose them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import Images
from spikeoff.data.npz import read_arrays
from spikeoff.data.spec import MNIST, ImageSpec
from spikeoff.errors import UserError
from spikeoff.files import whole_file
from spikeoff.ledger.recording import INPUT, Recording

RASTER = "raster.npz"

KEYS = (
    "ids", "labels", "answers", "pixels", "inputs", "hidden", "scores", "speaks_for", "dt", "unit",
)  # fmt: skip

Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """What one image evoked.

    inputs: [steps, pixels], hidden: [steps, n], 1 where a spike.
    scores: [steps, classes] what speaks for each class after each step; the last row is the
        response.
    """

    inputs: Bits
    hidden: Bits
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class Raster:
    """A few images and what each evoked.

    answers: [k] the network's.
    speaks_for: [n] the class that each hidden neuron speaks for most, -1 for none.
    dt: step (ms).
    unit: what the scores are, in words.
    """

    images: Images
    answers: NDArray[np.uint8]
    shown: Sequence[Shown]
    speaks_for: NDArray[np.int16]
    dt: float
    unit: str


def first_of_each_class(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Rows of the first image of each class that there is, in the order of the classes."""
    _, rows = np.unique(labels, return_index=True)
    return rows.astype(np.int64)


def raster_of(
    record: Callable[[Images], Recording],
    images: Images,
    speaks_for: NDArray[np.int16] | None,
    unit: str,
) -> Raster | None:
    """The raster of the first image of each class, from a recording of each.

    None of a network that has no reading after every step.

    A network that shows an image more than once is drawn in its first presentation; its answer is
    the one it gave in the end.

    Args:
        record: records one image, with a reading after every step.
        images: among which the first of each class are taken.
        speaks_for: as in ``Raster``; None where it is not known.
        unit: what the scores are.
    """
    rows = first_of_each_class(images.labels)
    shown, answers, dt = [], [], 1.0
    for row in rows:
        recording = record(images.take(slice(row, row + 1)))
        whole = int((np.diff(recording.steps, prepend=0) == 1).sum())
        if not whole:
            return None
        names = recording.hidden or recording.updated
        hidden = [recording.events[name][:whole] for name in names]
        spikes = [recording.events[INPUT][:whole], np.concatenate(hidden, axis=1)]
        inputs, fired = (events.astype(np.uint8) for events in spikes)
        (scores,), (answer, *_) = recording.scores, recording.answers[:, -1]
        shown.append(Shown(inputs, fired, scores[:whole]))
        answers.append(answer)
        dt = recording.dt
    if speaks_for is None:
        speaks_for = np.full(shown[0].hidden.shape[1], -1, np.int16)
    return Raster(images.take(rows), np.array(answers, np.uint8), shown, speaks_for, dt, unit)


def save_raster(raster: Raster, folder: Path) -> None:
    """Write ``raster.npz`` into a run's folder."""
    shown, images = raster.shown, raster.images
    with whole_file(folder / RASTER) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream,
            ids=images.ids, labels=images.labels, pixels=images.pixels, answers=raster.answers,
            inputs=np.packbits([one.inputs for one in shown], axis=2),
            hidden=np.packbits([one.hidden for one in shown], axis=2),
            scores=np.array([one.scores for one in shown], np.float32),
            speaks_for=raster.speaks_for.astype(np.int16),
            dt=np.float64(raster.dt), unit=np.frombuffer(raster.unit.encode(), np.uint8),
        )  # fmt: skip


def read_raster(folder: Path, spec: ImageSpec = MNIST) -> Raster | None:
    """What ``save_raster`` wrote; None where a run kept none.

    Args:
        folder: of the run.
        spec: of its images.

    Raises:
        UserError: the file is damaged, or of other images.
    """
    path = folder / RASTER
    if not path.is_file():
        return None
    held = read_arrays(path, KEYS)
    inputs, hidden, scores = held["inputs"], held["hidden"], held["scores"]
    k, neurons = held["labels"].size, held["speaks_for"].size
    steps = scores.shape[1] if scores.ndim == 3 else 0
    if held["pixels"].shape == (k, spec.n_pixels):  # as earlier versions wrote them
        held["pixels"] = held["pixels"].reshape(k, *spec.shape)
    n_pixels, n_classes = spec.n_pixels, spec.n_classes
    shapes = {
        "ids": (k,), "labels": (k,), "answers": (k,), "pixels": (k, *spec.shape),
        "inputs": (k, steps, -(-n_pixels // 8)), "hidden": (k, steps, -(-neurons // 8)),
        "scores": (k, steps, n_classes), "speaks_for": (neurons,), "dt": (),
        "unit": held["unit"].shape[:1],
    }  # fmt: skip
    kinds = {"scores": "f", "dt": "f", "ids": "i", "speaks_for": "i"}
    for name, shape in shapes.items():
        fits = held[name].shape == shape and held[name].dtype.kind == kinds.get(name, "u")
        if not fits or not k * steps * neurons:
            raise UserError(f"{path}: {name!r} is not that of a run; remove the file, or run again")
    for name in ("labels", "answers", "speaks_for"):
        if int(held[name].astype(np.int64).max()) >= n_classes:
            raise UserError(
                f"{path}: a label in {name!r} is above {n_classes - 1}; remove the file"
            )
    if not float(held["dt"]) > 0:
        raise UserError(f"{path}: 'dt' (={held['dt']}) must be above 0 ms; remove the file")
    images = Images(
        held["pixels"].astype(np.uint8), held["labels"].astype(np.uint8), held["ids"].astype(int)
    )
    shown = [
        Shown(
            np.unpackbits(inputs[one].astype(np.uint8), axis=1, count=n_pixels),
            np.unpackbits(hidden[one].astype(np.uint8), axis=1, count=neurons),
            scores[one].astype(np.float32),
        )
        for one in range(k)
    ]
    return Raster(
        images, held["answers"].astype(np.uint8), shown, held["speaks_for"].astype(np.int16),
        float(held["dt"]), held["unit"].astype(np.uint8).tobytes().decode(errors="replace"),
    )  # fmt: skip
