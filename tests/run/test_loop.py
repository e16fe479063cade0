"""The loop over epochs, with a contender whose accuracies are written down beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from spikeoff.contenders.base import Config, Contender, Outputs, Response, State, Step
from spikeoff.data import Dataset, Images, Split, split
from spikeoff.errors import UserError
from spikeoff.ledger.metering import Meter
from spikeoff.ledger.recording import Recording, Synapses
from spikeoff.ledger.sensors import Sensors
from spikeoff.run.loop import History, conclude, learn
from spikeoff.run.metrics_file import Row


class Scripted(Contender):
    """Answers as many images right as its script says for the epoch."""

    id = "scripted"
    title = "Scripted"
    spiking = False
    engine = "native"
    device = "cpu"
    config_type = Config
    outputs = Outputs("m.csv", "c.png", "a.png", "l.log")

    def __init__(self, script: Any) -> None:
        self.script = script
        self.epoch = 0
        self.concluded = 0

    def learn(self, images: Images, epoch: int, start: int = 0) -> Iterator[Step]:
        self.epoch = epoch
        loss = self.script[epoch - 1] if self.script[epoch - 1] != self.script[epoch - 1] else 1.0
        yield Step(len(images), None, loss)

    def respond(self, images: Images) -> Response:
        right = round(self.script[self.epoch - 1] * len(images))
        answers = np.where(np.arange(len(images)) < right, images.labels, (images.labels + 1) % 10)
        return Response(np.eye(10, dtype=np.float32)[answers])

    def record(self, images: Images, every: int | None = None) -> Recording:
        half = np.tile([0, 1], (len(images), 3))
        values = {"input": images.flat, "hidden": half}
        return Recording.of_values(values, self.respond(images).scores)

    def synapses(self) -> tuple[Synapses, ...]:
        return (Synapses.of("all", "input", np.ones((784, 10))),)

    def parameter_count(self) -> int:
        return 0

    def state(self) -> State:
        return {"epoch": np.array(self.epoch)}

    def restore(self, state: State) -> None:
        self.epoch = int(state["epoch"])

    def conclude(self, images: Images) -> None:
        self.concluded += 1


class Silent:
    """A watcher who counts."""

    def __init__(self) -> None:
        self.examples, self.epochs = 0, 0

    def step(self, examples: int) -> None:
        self.examples += examples

    def epoch(self, row: Row) -> None:
        self.epochs += 1


def trained(
    contender: Scripted, mnist: Dataset, patience: int | None, n_validation: int = 1000
) -> tuple[History, Split, Silent]:
    contender.patience = patience
    parts = split(mnist, seed=0, n_validation=n_validation, n_train=2000)
    watcher = Silent()
    meter = Meter(Sensors(), "cpu", 0)
    train_state = learn(
        contender,
        parts,
        epochs=range(1, len(contender.script) + 1),
        tdp=100.0,
        meter=meter,
        listener=watcher,
        keep=lambda rows: None,
    )
    history = conclude(contender, parts.train, train_state, meter)
    return history, parts, watcher


def test_early_stopping_waits_for_its_patience_and_brings_the_best_back(mnist: Dataset) -> None:
    contender = Scripted([0.5, 0.9, 0.8, 0.7, 0.9, 0.95])
    history, _, _ = trained(contender, mnist, patience=3)
    assert len(history.rows) == 5
    assert history.chosen_epoch == 2
    assert contender.epoch == 2


def test_where_there_is_a_loss_it_decides(mnist: Dataset) -> None:
    class WithLoss(Scripted):
        def loss(self, response: Response, images: Images) -> float | None:
            return [0.5, 0.4, 0.3, 0.35][self.epoch - 1]

    history, _, _ = trained(WithLoss([0.9, 0.8, 0.7, 0.95]), mnist, patience=2)
    assert history.chosen_epoch == 3


def test_without_patience_all_epochs_run_and_the_last_stands(mnist: Dataset) -> None:
    contender = Scripted([0.9, 0.5, 0.4, 0.3])
    history, parts, watcher = trained(contender, mnist, patience=None)
    assert history.chosen_epoch == len(history.rows) == contender.epoch == 4
    assert watcher.examples == 4 * len(parts.train)
    assert watcher.epochs == 4
    assert contender.concluded == 1


def test_without_validation_images_there_is_nothing_to_stop_by(mnist: Dataset) -> None:
    contender = Scripted([0.9, 0.5, 0.4, 0.3])
    history, _, _ = trained(contender, mnist, patience=1, n_validation=0)
    assert len(history.rows) == 4
    assert all(row["validation_accuracy"] is None for row in history.rows)


def test_rows_hold_what_the_seed_logs(mnist: Dataset) -> None:
    history, parts, _ = trained(Scripted([0.25]), mnist, patience=None)
    row = history.rows[0]
    assert row["validation_accuracy"] == 0.25
    assert row["train_accuracy"] is None
    assert row["spike_rate"] == row["assumed_spike_rate"] == 0.5
    assert row["flops"] == 6 * 7840 * len(parts.train)
    assert row["energy_estimate_j"] == pytest.approx(100.0 * (row["seconds"] or 0))
    assert (row["memory_mb"] or 0) > 1


def test_a_loss_that_is_no_number_stops_with_epoch_and_remedy(mnist: Dataset) -> None:
    with pytest.raises(UserError, match=r"nan in epoch 2, step 1, .*learning rate"):
        trained(Scripted([0.5, float("nan")]), mnist, patience=None)
