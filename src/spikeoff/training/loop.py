"""The loop over epochs, the same for every contender."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from spikeoff.contenders.base import Contender, State
from spikeoff.data import Images, Split
from spikeoff.errors import UserError
from spikeoff.ledger.energy import columns as energy_columns
from spikeoff.ledger.memory import resident_bytes
from spikeoff.ledger.metering import Meter
from spikeoff.runs import Row

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


def train(
    contender: Contender,
    parts: Split,
    *,
    epochs: range,
    tdp: float,
    meter: Meter,
    watcher: Watcher,
    keep: Callable[[list[Row]], None],
) -> History:
    """Train for these passes, or until validation no longer gets better.

    Where the contender has a patience and validation images are held out, the state of the best
    epoch stands in the end, else that of the last.

    Args:
        contender: who learns; changed in place.
        parts: training images to learn from, validation images to steer by.
        epochs: the passes to go, at most.
        tdp: thermal design power (W) for the energy column.
        meter: measures the time of learning and, where there are sensors, its energy.
        watcher: who is told of progress.
        keep: called with all rows after each epoch.

    Raises:
        UserError: the loss is no longer a number.
    """
    rows: list[Row] = []
    examples = 0
    best = _Best(contender.patience if len(parts.validation) else None)
    probe = parts.validation if len(parts.validation) else parts.train.take(slice(0, N_PROBE))
    for epoch in epochs:
        with meter.window() as window:
            learned, count = _learn(contender, parts.train, epoch, watcher)
        examples += count
        row: Row = {"epoch": float(epoch), **contender.epoch_metrics(), **learned}
        row |= _look(contender, probe, held_out=bool(len(parts.validation)), n=len(parts.train))
        row["energy_estimate_j"] = window.seconds * tdp
        row |= energy_columns(meter, window)
        row["memory_mb"] = resident_bytes() / 2**20
        row["seconds"] = window.seconds
        rows.append(row)
        keep(rows)
        watcher.epoch(row)
        best.see(epoch, row, contender)
        if best.stands_still(epoch):
            break
    chosen = best.restore(contender) or int(rows[-1]["epoch"] or 0)
    with meter.window() as window:
        contender.conclude(parts.train)
    seconds = sum(row["seconds"] or 0 for row in rows) + window.seconds
    concluding: Row = {**energy_columns(meter, window)}
    return History(rows, examples, seconds, concluding, chosen)


def _learn(contender: Contender, images: Images, epoch: int, watcher: Watcher) -> tuple[Row, int]:
    examples, correct, loss = 0, 0, 0.0
    knows_correct = knows_loss = True
    for step in contender.learn(images, epoch):
        examples += step.examples
        correct += step.correct or 0
        loss += step.loss or 0.0
        knows_correct &= step.correct is not None
        knows_loss &= step.loss is not None
        if not math.isfinite(loss):
            raise UserError(
                f"the loss is {step.loss} in epoch {epoch} after {examples} images: training "
                "diverged; lower --learning_rate or set --clip_norm"
            )
        watcher.step(step.examples)
    row: Row = {
        "train_loss": loss / examples if knows_loss else None,
        "train_accuracy": correct / examples if knows_correct else None,
    }
    return row, examples


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


class _Best:
    """The best epoch so far, and its state.

    The best has the lowest validation loss or, for rules without one, the highest accuracy.
    """

    def __init__(self, patience: int | None) -> None:
        self._patience = patience
        self._epoch = 0
        self._score = -math.inf
        self._state: State | None = None

    def see(self, epoch: int, row: Row, contender: Contender) -> None:
        if self._patience is None:
            return
        loss, accuracy = row["validation_loss"], row["validation_accuracy"]
        score = accuracy if loss is None else -loss
        if score is not None and score > self._score:
            self._epoch, self._score, self._state = epoch, score, contender.state()

    def stands_still(self, epoch: int) -> bool:
        return self._patience is not None and epoch - self._epoch >= self._patience

    def restore(self, contender: Contender) -> int | None:
        """Bring the best state back; returns its epoch, None where none was kept."""
        if self._state is None:
            return None
        contender.restore(self._state)
        return self._epoch
