"""One training of a trial: the loop of every run, without the test images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from spikeoff.contenders.base import Config, Contender
from spikeoff.data import Dataset, Images, Split, split
from spikeoff.ledger.metering import Meter
from spikeoff.ledger.sensors import Sensors
from spikeoff.run.loop import conclude, learn
from spikeoff.run.memory_check import check_memory
from spikeoff.run.metrics_file import Row
from spikeoff.run.signals import Interrupted
from spikeoff.run.train_state import TrainState

EpochOver = Callable[[int, int, float], None]
"""Receives the epoch that ended, the number of epochs, and the validation accuracy."""

Asked = Callable[[], int | None]
"""Returns the signal that asked to stop, if one did."""


def without_test(dataset: Dataset) -> Dataset:
    """The data set as a search has it: without test images."""
    return replace(dataset, test=dataset.train.take(slice(0, 0)))


def validation_split(dataset: Dataset, config: Config) -> Split:
    """The training and validation images that a run with this configuration uses."""
    return split(
        without_test(dataset), seed=config.seed, n_validation=config.n_validation,
        n_train=config.n_train,
    )  # fmt: skip


def train(
    kind: type[Contender], config: Config, parts: Split, epoch_over: EpochOver, asked: Asked
) -> float:
    """Train once; returns the validation accuracy that a run's record would report.

    Args:
        kind: the contender.
        config: its settings.
        parts: training and validation images.
        epoch_over: called after each epoch; what it raises ends the training.
        asked: called after each step.

    Raises:
        UserError: the settings do not fit, or training diverged.
        Interrupted: it was asked to stop.
    """
    check_memory(kind, config, parts)
    contender = kind(config)
    epochs = contender.passes(config.epochs, len(parts.train))
    meter = Meter(Sensors(), "cpu", 0.0)
    train_state = learn(
        contender,
        parts,
        epochs=epochs,
        tdp=config.tdp,
        meter=meter,
        listener=_EpochListener(epoch_over, epochs.stop - 1),
        keep=lambda _: None,
        checkpointer=_StopCheck(asked),
    )
    conclude(contender, parts.train, train_state, meter)
    return _accuracy(contender, parts.validation)


def _accuracy(contender: Contender, images: Images) -> float:
    accuracy = contender.respond(images).accuracy(images)
    assert accuracy is not None  # a search without validation images does not begin
    return accuracy


class _EpochListener:
    """Passes on the accuracy after each epoch."""

    def __init__(self, epoch_over: EpochOver, epochs: int) -> None:
        self._epoch_over, self._epochs = epoch_over, epochs

    def step(self, examples: int) -> None:
        pass

    def epoch(self, row: Row) -> None:
        self._epoch_over(int(row["epoch"] or 0), self._epochs, row["validation_accuracy"] or 0.0)


class _StopCheck:
    """Ends the training after a step if a stop was asked for."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def look(self, train_state: TrainState, contender: Contender) -> float:
        del train_state, contender
        signum = self._asked()
        if signum is not None:
            raise Interrupted(signum)
        return 0.0

    def conclude(self, train_state: TrainState, contender: Contender) -> None:
        pass
