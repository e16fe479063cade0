"""Time and energy of a trained network, measured on validation or training images.

Test images are not used again, and measuring does not change what was learned.
"""

from __future__ import annotations

from typing import Any

from spikeoff.contenders.base import Config, Contender
from spikeoff.data import Images, Split
from spikeoff.ledger.energy import EnergyFigure, measured_inference, measured_training
from spikeoff.ledger.environment import runs_at_a_time
from spikeoff.ledger.metering import Meter
from spikeoff.ledger.sensors import Kind, Sensors, find_sensors
from spikeoff.ledger.timing import latency, throughput
from spikeoff.run.loop import History

BESIDE_OTHERS = "no sensor tells runs at the same time apart; --workers 1 measures each alone"

PASSES = 4
"""Passes over the images that fit into a window of energy, about."""


def ready_meter(device: str, config: Config) -> Meter:
    """A meter for what computes on ``device``, with idle power measured."""
    needed: Kind = "cpu" if device == "cpu" else "gpu"
    sensors = Sensors()
    if runs_at_a_time() > 1:
        sensors = Sensors(missing=(BESIDE_OTHERS,))
    elif config.energy_seconds:
        sensors = find_sensors(device)
    meter = Meter(sensors, needed, config.energy_seconds)
    meter.rest()
    return meter


def times(contender: Contender, config: Config, parts: Split) -> dict[str, Any]:
    """Latency and throughput, as they stand in the record; empty where switched off."""
    if not config.timing_seconds:
        return {}
    images, _ = _known(parts)
    return {
        "latency_ms": latency(contender.respond, images, config.timing_seconds),
        "throughput": throughput(contender.respond, images, config.timing_seconds),
    }


def energies(
    contender: Contender, parts: Split, history: History, meter: Meter, ms_per_image: float
) -> list[EnergyFigure]:
    """Measured energy of training and of inference; unavailable, with the reason, without sensors.

    Args:
        contender: the network.
        parts: whose validation images it answers, or training images where there are none.
        history: how it was trained, energy by epoch.
        meter: what measured that.
        ms_per_image: about how long an answer takes.
    """
    images, which = _known(parts)
    fitting = round(1000 * meter.length / PASSES / max(ms_per_image, 1e-6))
    images = images.take(slice(0, max(1, fitting)))
    training = measured_training(meter, [*history.rows, history.concluding])
    windows = meter.repeat(lambda: contender.respond(images))
    return [training, measured_inference(meter, windows, len(images), which)]


def _known(parts: Split) -> tuple[Images, str]:
    """Images that the network has answered before, and which they are."""
    if len(parts.validation):
        return parts.validation, "validation"
    return parts.train, "training"
