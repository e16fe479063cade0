"""The loop over epochs, which is the same for every contender."""

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
from spikeoff.run.metrics_file import Row
from spikeoff.run.train_state import Best, Sums, TrainState

N_PROBE = 1000
"""Training images that are answered where no validation images are held out."""

N_RECORDED = 250
"""Images of these whose spikes are recorded after every epoch."""

ASSUMED_RELU_RATE = 0.5
"""The seed's assumption for conventional networks, kept beside the measured fraction."""


class ProgressListener(Protocol):
    """Follows the progress of training."""

    def step(self, examples: int) -> None:
        """So many more images were learned from."""

    def epoch(self, row: Row) -> None:
        """An epoch is over."""


class Checkpointing(Protocol):
    """Writes what training needs to continue after a stop."""

    def look(self, train_state: TrainState, contender: Contender) -> float:
        """A step is over; returns the seconds that were spent on anything but learning."""

    def conclude(self, train_state: TrainState, contender: Contender) -> None:
        """The last step is over."""


@dataclass(frozen=True)
class History:
    """How training went.

    rows: one per epoch.
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
    listener: ProgressListener,
    keep: Callable[[list[Row]], None],
    checkpointer: Checkpointing | None = None,
    train_state: TrainState | None = None,
) -> TrainState:
    """Learn for these passes, or until validation no longer gets better.

    Args:
        contender: the network; it is changed in place.
        parts: training images to learn from, validation images to stop by.
        epochs: the passes to go, at most.
        tdp: thermal design power (W) for the energy column.
        meter: measures the time of learning and, where there are sensors, its energy.
        listener: receives progress.
        keep: called with all rows after each epoch.
        checkpointer: called after each step but a pass's last, and after each epoch.
        train_state: where to continue; the beginning by default.

    Raises:
        UserError: the loss, or something learned, is no longer a number.
    """
    train_state = train_state or TrainState(epochs.start)
    checkpointer = checkpointer or _NoCheckpoints()
    patience = contender.patience if len(parts.validation) else None
    probe = parts.validation if len(parts.validation) else parts.train.take(slice(0, N_PROBE))
    while not train_state.over:
        whole = not train_state.offset
        with meter.window() as window:
            _learn(contender, parts.train, train_state, listener, checkpointer)
        check_finite(contender.state(), contender, train_state)
        row = _row(contender, parts, probe, train_state, tdp)
        row |= energy_columns(meter, window) if whole else {}  # the rest was metered elsewhere
        train_state.rows.append(row)
        keep(train_state.rows)
        listener.epoch(row)
        if patience is not None:
            loss, accuracy = row["validation_loss"], row["validation_accuracy"]
            note_best(train_state.best, train_state.epoch, loss, accuracy, contender)
        waited = train_state.epoch - train_state.best.epoch
        stands_still = patience is not None and waited >= patience
        train_state.over = stands_still or train_state.epoch + 1 >= epochs.stop
        train_state.epoch, train_state.offset = train_state.epoch + 1, 0
        train_state.sums, train_state.seconds = Sums(), 0.0
        checkpointer.look(train_state, contender)
    checkpointer.conclude(train_state, contender)
    return train_state


def check_finite(state: State, contender: Contender, train_state: TrainState) -> None:
    """Stop a run that has diverged before it overwrites what was good.

    Raises:
        UserError: an array holds something that is no finite number.
    """
    for name, array in state.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UserError(
                f"`{name}` holds a value that is no finite number in epoch {train_state.epoch}, "
                f"step {train_state.sums.steps}: training diverged; {contender.remedy}"
            )


def conclude(
    contender: Contender, images: Images, train_state: TrainState, meter: Meter
) -> History:
    """What follows the last pass.

    Where the contender has a patience and validation images are held out, the state of the best
    epoch stands from now on, else that of the last.
    """
    best, rows = train_state.best, train_state.rows
    if best.state is not None:
        contender.restore(best.state)
    with meter.window() as window:
        contender.conclude(images)
    seconds = sum(row["seconds"] or 0 for row in rows) + window.seconds
    concluding: Row = {**energy_columns(meter, window)}
    chosen = best.epoch or int(rows[-1]["epoch"] or 0)
    return History(rows, train_state.examples, seconds, concluding, chosen)


def _learn(
    contender: Contender,
    images: Images,
    train_state: TrainState,
    listener: ProgressListener,
    checkpointer: Checkpointing,
) -> None:
    """Finish the pass under way."""
    began = time.perf_counter() - train_state.seconds
    for step in contender.learn(images, train_state.epoch, train_state.offset):
        train_state.sums.add(step)
        train_state.offset += step.examples
        train_state.examples += step.examples
        if not math.isfinite(train_state.sums.loss):
            raise UserError(
                f"the loss is {step.loss} in epoch {train_state.epoch}, step "
                f"{train_state.sums.steps}, after {train_state.offset} images: training "
                f"diverged; {contender.remedy}"
            )
        listener.step(step.examples)
        if train_state.offset < len(images):
            train_state.seconds = time.perf_counter() - began
            began += checkpointer.look(train_state, contender)
    train_state.seconds = time.perf_counter() - began


def _row(
    contender: Contender, parts: Split, probe: Images, train_state: TrainState, tdp: float
) -> Row:
    """What the pass that is over looked like."""
    sums, seconds = train_state.sums, train_state.seconds
    return {
        "epoch": float(train_state.epoch),
        **contender.epoch_metrics(),
        "train_loss": sums.loss / train_state.offset if sums.knows_loss else None,
        "train_accuracy": sums.correct / train_state.offset if sums.knows_correct else None,
        **_probe(contender, probe, held_out=bool(len(parts.validation)), n=len(parts.train)),
        "energy_estimate_j": seconds * tdp,
        "memory_mb": resident_bytes() / 2**20,
        "seconds": seconds,
    }


def _probe(contender: Contender, probe: Images, *, held_out: bool, n: int) -> Row:
    """What the probe shows: validation accuracy and loss (if held out), activity, operations."""
    response = contender.respond(probe)
    account = contender.account(probe.take(slice(0, N_RECORDED)))
    return {
        "validation_loss": contender.loss(response, probe) if held_out else None,
        "validation_accuracy": response.accuracy(probe) if held_out else None,
        "spike_rate": account.activity.hidden_rate,
        "assumed_spike_rate": None if contender.spiking else ASSUMED_RELU_RATE,
        "flops": account.operations.training_flops(n),
    }


def note_best(
    best: Best, epoch: int, loss: float | None, accuracy: float | None, contender: Contender
) -> None:
    """Keep the state of an epoch whose validation loss (or accuracy, without one) is the best."""
    score = accuracy if loss is None else -loss
    if score is not None and score > best.score:
        best.epoch, best.score, best.state = epoch, score, contender.state()


class _NoCheckpoints:
    """Keeps nothing."""

    def look(self, train_state: TrainState, contender: Contender) -> float:
        del train_state, contender
        return 0.0

    def conclude(self, train_state: TrainState, contender: Contender) -> None:
        pass
