"""``spikeoff predict``: what a trained network answers for images, and what each answer costs.

Every image is answered alone and recorded, so that its spikes, operations and energy are its own.
Its input spikes are drawn under a number made from its pixels, as for ``Run.predict``: an answer
depends neither on the other images nor on their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.base import Contender
from spikeoff.data import ImageSpec
from spikeoff.data.given_images import read_given
from spikeoff.data.network_input import given_images
from spikeoff.data.photograph import layout_of, prepare
from spikeoff.data.pixels import Bytes
from spikeoff.errors import UserError
from spikeoff.ledger.account import account_of
from spikeoff.ledger.confidence import margins
from spikeoff.ledger.operation_energy import EnergyTable, load_table
from spikeoff.report.verdict import run_energy
from spikeoff.run.run_record import RunRecord, read_run
from spikeoff.run.trained import load_trained


@dataclass(frozen=True)
class Prediction:
    """The answer for one image.

    name: of the image, such as its file.
    answer, runner_up: the classes with the highest and the second highest score.
    confidence: share of the answer by softmax where the scores are logits; else the margin of the
        answer's score over the runner-up's.
    scores: by class.
    input_spikes, hidden_spikes: of a spiking network; None of a conventional one.
    additions, products: effective synaptic operations: accumulates, and multiply-accumulates.
    updates: of neurons' membrane potentials.
    energy_j: estimated from these operations (J), memory access included; None if the cost of a
        neuron's update is not known.
    """

    name: str
    answer: str
    runner_up: str
    confidence: float
    scores: dict[str, float]
    input_spikes: float | None
    hidden_spikes: float | None
    additions: float
    products: float
    updates: float
    energy_j: float | None


@dataclass(frozen=True)
class Predictions:
    """The answers of one network.

    network: its name and seed.
    confidence_unit: what the confidence is, in words.
    preparation: what was done to the images first, in words.
    energy_table: what operations were taken to cost.
    images: [n, height, width(, channels)] as the network saw them.
    """

    network: str
    confidence_unit: str
    preparation: str
    energy_table: str
    images: Bytes
    answers: tuple[Prediction, ...]


def predict(
    folder: Path,
    images: Sequence[Path] | NDArray[np.uint8],
    *,
    as_is: bool = False,
    num_threads: int | None = None,
    energy_table: Path | None = None,
) -> Predictions:
    """Answer images with the network of a finished run.

    Args:
        folder: of the run, of any contender.
        images: files and folders of images; or an array [n, height, width(, channels)] of bytes.
        as_is: whether the images look like those of the run's data already: they are resized if
            they have another shape, and nothing else.
        num_threads: CPU threads; all cores by default.
        energy_table: TOML file with the energy of each operation; 45 nm CMOS by default.

    Raises:
        UserError: the run cannot be restored, an image cannot be read, or has no ink.
    """
    table = load_table(energy_table)
    contender, dataset = load_trained(folder, num_threads)
    layout = None if as_is else layout_of(dataset.train)
    spec = dataset.spec
    ready = [(name, prepare(image, spec, layout, name)) for name, image in _named(images)]
    if not ready:
        raise UserError("no image given; name files of pictures or arrays, or folders of them")
    names, prepared = zip(*ready, strict=True)
    if layout is not None:
        preparation = f"ink cut out, fitted into {layout.box} pixels, placed by its centre of mass"
    else:
        preparation = "none" if as_is else "resized, as the run's data share no layout"
    softmax = contender.score_unit == "logit"
    record, pixels = read_run(folder), np.stack(prepared)
    return Predictions(
        network=f"{record.label}, seed {record.seed}",
        confidence_unit="softmax share" if softmax else f"margin, {contender.score_unit}",
        preparation=preparation,
        energy_table=table.name,
        images=pixels,
        answers=tuple(
            answer(contender, record, image, name, table, spec)
            for image, name in zip(pixels, names, strict=True)
        ),
    )


def answer(
    contender: Contender,
    record: RunRecord,
    image: Bytes,
    name: str,
    table: EnergyTable,
    spec: ImageSpec,
) -> Prediction:
    """The answer of a trained network for one image of its shape, and its cost.

    Args:
        contender: the network.
        record: of the run that trained it.
        image: of shape ``spec.shape``.
        name: of the image.
        table: what operations cost.
        spec: of the images of the run.
    """
    one = given_images(image[None], spec)
    recording = contender.record(one)
    account = account_of(recording, contender.synapses(), one.labels, contender.readout_products())
    done, activity = account.operations, account.activity
    scores = recording.scores[0, -1].astype(np.float64)
    first, second = (int(k) for k in np.argsort(-scores, kind="stable")[:2])
    if contender.score_unit == "logit":
        shares = np.exp(scores - scores.max())
        confidence = float(shares[first] / shares.sum())
    else:
        confidence = float(margins(recording.scores[:, -1:])[0, 0])
    energy, _ = run_energy(record, table, {
        "effective_acs": done.effective_acs,
        "effective_macs": done.effective_macs,
        "membrane_updates": done.membrane_updates,
    })  # fmt: skip
    return Prediction(
        name=name,
        answer=spec.classes[first],
        runner_up=spec.classes[second],
        confidence=confidence,
        scores=dict(zip(spec.classes, scores.tolist(), strict=True)),
        input_spikes=activity.input_per_example if contender.spiking else None,
        hidden_spikes=activity.hidden_per_example if contender.spiking else None,
        additions=done.effective_acs,
        products=done.effective_macs,
        updates=done.membrane_updates,
        energy_j=None if energy.neurons is None else 1e-12 * energy.total,
    )


def _named(images: Sequence[Path] | NDArray[np.uint8]) -> Iterable[tuple[str, Bytes]]:
    if isinstance(images, np.ndarray):
        return ((f"image {k}", image) for k, image in enumerate(images))
    return read_given(images)
