"""The loop over epochs, the same for every contender."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spikeoff.contenders.base import Contender, State
from spikeoff.data import Images, Split
from spikeoff.errors import UserError
from spikeoff.ledger.energy import columns as energy_columns
from spikeoff.ledger.memory import resident_bytes
from spikeoff.ledger.metering import Meter
from spikeoff.runs import Row
from spikeoff.training.standing import Best, Standing, Sums

N_PROBE = 1000
"""Training images on which activity is seen where no validation images are held out."""

ASSUMED_RELU_RATE = 0.5
"""The seed's assumption for conventional networks, kept beside the measured fraction."""


class Watcher(Protocol):
    """Who is told how training goes."""

    def step(self, examples: int) -> None:
        """So many more images were learned from."""

    def epoch(self, row: Row) -> None:
        """An epoch is over."""


class Keeper(Protocol):
    """Who sees to it that training can go on where it was stopped."""

    def look(self, standing: Standing, contender: Contender) -> float:
        """A step is over; returns the seconds that were spent on anything but learning."""

    def conclude(self, standing: Standing, contender: Contender) -> None:
        """The last step is over."""


@dataclass(frozen=True)
class History:
    """How training went.

    rows: one an epoch.
    examples: images learned from.
    seconds: learning and what concludes it; looking at validation images is not counted.
    concluding: energy of what concludes it, as the rows have it of the epochs.
    chosen_epoch: the epoch whose state stands.
    """

    rows: list[Row]
    examples: int
    seconds: float
    concluding: Row
    chosen_epoch: int


def learn(
    contender: Contender,
    parts: Split,
    *,
    epochs: range,
    tdp: float,
    meter: Meter,
    watcher: Watcher,
    keep: Callable[[list[Row]], None],
    saver: Keeper | None = None,
    standing: Standing | None = None,
) -> Standing:
    """Learn for these passes, or until validation no longer gets better.

    Args:
        contender: who learns; changed in place.
        parts: training images to learn from, validation images to steer by.
        epochs: the passes to go, at most.
        tdp: thermal design power (W) for the energy column.
        meter: measures the time of learning and, where there are sensors, its energy.
        watcher: who is told of progress.
        keep: called with all rows after each epoch.
        saver: looks at where training stands after each step but a pass's last, and each epoch.
        standing: where training goes on; at the beginning by default.

    Raises:
        UserError: the loss, or something learned, is no longer a number.
    """
    standing = standing or Standing(epochs.start)
    saver = saver or _Nobody()
    patience = contender.patience if len(parts.validation) else None
    probe = parts.validation if len(parts.validation) else parts.train.take(slice(0, N_PROBE))
    while not standing.over:
        whole = not standing.offset
        with meter.window() as window:
            _learn(contender, parts.train, standing, watcher, saver)
        check_finite(contender.state(), contender, standing)
        row = _row(contender, parts, probe, standing, tdp)
        row |= energy_columns(meter, window) if whole else {}  # the rest was metered elsewhere
        standing.rows.append(row)
        keep(standing.rows)
        watcher.epoch(row)
        if patience is not None:
            _see(standing.best, standing.epoch, row, contender)
        waited = standing.epoch - standing.best.epoch
        stands_still = patience is not None and waited >= patience
        standing.over = stands_still or standing.epoch + 1 >= epochs.stop
        standing.epoch, standing.offset = standing.epoch + 1, 0
        standing.sums, standing.seconds = Sums(), 0.0
        saver.look(standing, contender)
    saver.conclude(standing, contender)
    return standing


def check_finite(state: State, contender: Contender, standing: Standing) -> None:
    """Stop a run that has diverged before it overwrites what was good.

    Raises:
        UserError: an array holds something that is no finite number.
    """
    for name, array in state.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UserError(
                f"`{name}` holds a value that is no finite number in epoch {standing.epoch}, step "
                f"{standing.sums.steps}: training diverged; {contender.remedy}"
            )


def conclude(contender: Contender, images: Images, standing: Standing, meter: Meter) -> History:
    """What follows the last pass.

    Where the contender has a patience and validation images are held out, the state of the best
    epoch stands from now on, else that of the last.
    """
    best, rows = standing.best, standing.rows
    if best.state is not None:
        contender.restore(best.state)
    with meter.window() as window:
        contender.conclude(images)
    seconds = sum(row["seconds"] or 0 for row in rows) + window.seconds
    concluding: Row = {**energy_columns(meter, window)}
    chosen = best.epoch or int(rows[-1]["epoch"] or 0)
    return History(rows, standing.examples, seconds, concluding, chosen)


def _learn(
    contender: Contender, images: Images, standing: Standing, watcher: Watcher, saver: Keeper
) -> None:
    """Finish the pass under way."""
    began = time.perf_counter() - standing.seconds
    for step in contender.learn(images, standing.epoch, standing.offset):
        standing.sums.add(step)
        standing.offset += step.examples
        standing.examples += step.examples
        if not math.isfinite(standing.sums.loss):
            raise UserError(
                f"the loss is {step.loss} in epoch {standing.epoch}, step {standing.sums.steps}, "
                f"after {standing.offset} images: training diverged; {contender.remedy}"
            )
        watcher.step(step.examples)
        if standing.offset < len(images):
            standing.seconds = time.perf_counter() - began
            began += saver.look(standing, contender)
    standing.seconds = time.perf_counter() - began


def _row(contender: Contender, parts: Split, probe: Images, standing: Standing, tdp: float) -> Row:
    """What the pass that is over looked like."""
    sums, seconds = standing.sums, standing.seconds
    return {
        "epoch": float(standing.epoch),
        **contender.epoch_metrics(),
        "train_loss": sums.loss / standing.offset if sums.knows_loss else None,
        "train_accuracy": sums.correct / standing.offset if sums.knows_correct else None,
        **_look(contender, probe, held_out=bool(len(parts.validation)), n=len(parts.train)),
        "energy_estimate_j": seconds * tdp,
        "memory_mb": resident_bytes() / 2**20,
        "seconds": seconds,
    }


def _look(contender: Contender, probe: Images, *, held_out: bool, n: int) -> Row:
    """What the probe shows: validation accuracy and loss (if held out), activity, operations."""
    response = contender.respond(probe)
    operations = contender.operations(response.activity, probe.take(slice(0, 100)))
    return {
        "validation_loss": contender.loss(response, probe) if held_out else None,
        "validation_accuracy": response.accuracy(probe) if held_out else None,
        "spike_rate": response.activity.hidden_rate,
        "assumed_spike_rate": None if contender.spiking else ASSUMED_RELU_RATE,
        "flops": operations.training_flops(n),
    }


def _see(best: Best, epoch: int, row: Row, contender: Contender) -> None:
    loss, accuracy = row["validation_loss"], row["validation_accuracy"]
    score = accuracy if loss is None else -loss
    if score is not None and score > best.score:
        best.epoch, best.score, best.state = epoch, score, contender.state()


class _Nobody:
    """Keeps nothing."""

    def look(self, standing: Standing, contender: Contender) -> float:
        del standing, contender
        return 0.0

    def conclude(self, standing: Standing, contender: Contender) -> None:
        pass
