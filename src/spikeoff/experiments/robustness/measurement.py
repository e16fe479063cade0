"""The accuracy of a trained network under every corruption."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from spikeoff.coding.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from spikeoff.coding.spike_noise import SPIKE_NOISE
from spikeoff.contenders.base import Contender, Response
from spikeoff.data import Images
from spikeoff.experiments.robustness.weight_rounding import BITS, rounded_state
from spikeoff.run.robustness_file import VERSION, Condition, Robustness
from spikeoff.run.run_record import read_run
from spikeoff.run.trained import load_trained, spread_rows

TOGETHER = 250
"""Images whose input spikes are held in memory at once."""

NOT_SPIKING = "it has no input spikes"
NOT_REPLACEABLE = "its input spikes cannot be replaced by others"


def measure(
    folder: Path, *, n_images: int, noise_seed: int = 0, num_threads: int | None = None
) -> Robustness:
    """Answer corrupted test images with the network of a finished run.

    Args:
        folder: of the run.
        n_images: test images, evenly spread over the test set; all of them if there are fewer.
        noise_seed: of the corruptions.
        num_threads: CPU threads; all cores by default.

    Raises:
        UserError: the run cannot be restored.
    """
    contender, dataset = load_trained(folder, num_threads)
    record = read_run(folder)
    images = dataset.test.take(spread_rows(len(dataset.test), n_images))
    unavailable = {}
    if contender.input_spikes(images.take(slice(0, 1))) is None:
        unavailable["spikes"] = NOT_REPLACEABLE if contender.spiking else NOT_SPIKING
    spikes = [] if unavailable else list(_noisy_spikes(contender, images, noise_seed))
    return Robustness(
        version=VERSION,
        contender=record.label,
        seed=record.seed,
        n_images=len(images),
        noise_seed=noise_seed,
        data_sha256=dataset.sha256(),
        clean=_accuracy(contender.respond(images), images),
        conditions=(
            *_corrupted_images(contender, images, noise_seed),
            *spikes,
            *_rounded_weights(contender, images),
        ),
        unavailable=unavailable,
    )


def _corrupted_images(contender: Contender, images: Images, seed: int) -> Iterator[Condition]:
    for name, one in CORRUPTIONS.items():
        for severity in SEVERITIES:
            corrupted = corrupt(images, name, severity, seed)
            accuracy = _accuracy(contender.respond(corrupted), images)
            amount = float(one.amounts[severity - 1])
            yield Condition("image", name, severity, amount, one.unit, accuracy)


def _noisy_spikes(contender: Contender, images: Images, seed: int) -> Iterator[Condition]:
    """Every fault of the input spikes; spikes are drawn once for all of them."""
    correct = {(name, severity): 0 for name in SPIKE_NOISE for severity in SEVERITIES}
    for first in range(0, len(images), TOGETHER):
        part = images.take(slice(first, first + TOGETHER))
        drawn = contender.input_spikes(part)
        if drawn is None:
            raise ValueError(f"{contender.id} had input spikes for other images")
        for name, severity in correct:
            one = SPIKE_NOISE[name]
            spikes = one.apply(drawn, part.ids, one.amounts[severity - 1], seed)
            answers = contender.respond_to_spikes(part, spikes).labels
            correct[name, severity] += int((answers == part.labels).sum())
    for (name, severity), count in correct.items():
        one = SPIKE_NOISE[name]
        amount = float(one.amounts[severity - 1])
        yield Condition("spikes", name, severity, amount, one.unit, count / len(images))


def _rounded_weights(contender: Contender, images: Images) -> Iterator[Condition]:
    """Every number of bits; the network has its own weights again afterwards."""
    state, names = contender.state(), contender.weight_names()
    try:
        for severity, bits in enumerate(BITS, 1):
            contender.restore(rounded_state(state, names, bits))
            accuracy = _accuracy(contender.respond(images), images)
            yield Condition(
                "weights", "rounded-weights", severity, bits, "bits per weight", accuracy
            )
    finally:
        contender.restore(state)


def _accuracy(response: Response, images: Images) -> float:
    return float(np.mean(response.labels == images.labels))
