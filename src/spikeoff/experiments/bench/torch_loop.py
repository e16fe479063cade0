"""A conventional contender against others over the same network: PyTorch loops, TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from spikeoff.console import output_console
from spikeoff.contenders.base import require
from spikeoff.contenders.gradient.trainer import GradientConfig, GradientContender
from spikeoff.contenders.hardware import use_threads
from spikeoff.data import Images, load_dataset
from spikeoff.experiments.bench.measure import (
    Entry,
    Measurement,
    choose_peers,
    in_turns,
    print_table,
)
from spikeoff.experiments.bench.pytorch import conditions, learn

TORCH_LOOP, TENSORFLOW = PEERS = ("torch-loop", "tensorflow")

Inputs = Callable[[torch.Tensor], torch.Tensor]
"""[n, 784] uint8 pixels to what the network takes."""


class PlainLoop:
    """The network, loss and optimiser of a contender in a loop of its own.

    Args:
        contender: whose network and settings; its weights are not shared.
        inputs: pixels to network input.
        images: what it learns from.
    """

    how = "DataLoader over a TensorDataset"
    note = "as in tutorials; reads the loss after every batch"
    fused = False

    def __init__(self, contender: GradientContender, inputs: Inputs, images: Images) -> None:
        settings = contender.settings
        self._size, self._smoothing = settings.batch_size, settings.label_smoothing
        self.module: nn.Module = contender.build()
        for weights in self.module.parameters():
            if weights.dim() == 2:
                weights.data = weights.data.contiguous()  # as nn.Linear has them
        self.optimizer = torch.optim.AdamW(
            self.module.parameters(), lr=settings.learning_rate, fused=self.fused,
            betas=(settings.beta1, settings.beta2), weight_decay=settings.weight_decay,
        )  # fmt: skip
        self.inputs = inputs(torch.from_numpy(images.flat))
        self.labels = torch.from_numpy(images.labels).long()

    def turn(self, number: int) -> Callable[[], float]:
        """What a turn measures, the same in all."""
        del number
        return self.learn

    def learn(self) -> float:
        """One pass in random order; returns the mean loss."""
        self.module.train()
        return self.passing()

    def passing(self) -> float:
        """The loop itself."""
        loader = DataLoader(
            TensorDataset(self.inputs, self.labels), batch_size=self._size, shuffle=True
        )
        total = 0.0
        for inputs, labels in loader:
            total += self.step(inputs, labels).item() * len(labels)
        return total / len(self.labels)

    def step(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Forward, backward and Adam on a batch; returns the mean loss."""
        self.optimizer.zero_grad()
        logits = self.module(inputs)
        loss = functional.cross_entropy(logits, labels, label_smoothing=self._smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.detach()


class LeanLoop(PlainLoop):
    """The same without a loader: tensors in memory, picked by index, Adam in one kernel."""

    how = "tensors in memory, picked by index, fused Adam"
    note = "the shortest loop; adds up the loss, counts no right answers"
    fused = True

    def passing(self) -> float:
        """The loop itself."""
        total = torch.zeros(())
        for rows in torch.split(torch.randperm(len(self.labels)), self._size):
            total += self.step(self.inputs[rows], self.labels[rows]) * len(rows)
        return total.item() / len(self.labels)


def run(
    contender: GradientContender, inputs: Inputs, against: tuple[str, ...], batches: int, turns: int
) -> None:
    """Measure as a verb asks, and print.

    Args:
        contender: ours.
        inputs: pixels to what its network takes.
        against: names of peers.
        batches: training steps in a turn; 0 for all images.
        turns: that count.
    """
    peers = choose_peers(type(contender).id, against, PEERS)
    require("turns", turns, 1 <= turns <= 1000, "from 1 to 1000")
    config, images = contender.settings, load_dataset().train
    most = len(images) // config.batch_size
    require("batches", batches, 0 <= batches <= most, f"from 1 to {most}, or 0 for all images")
    part = images.take(slice(0, batches * config.batch_size)) if batches else images
    measured = measure(contender, inputs, part, peers, turns)
    text = f"{len(part):,} images a turn, {turns} turns each, {conditions(config)}"
    print_table(f"Training {type(contender).id}", "step", measured, text, output_console())


def measure(
    contender: GradientContender,
    inputs: Inputs,
    images: Images,
    peers: Sequence[str],
    turns: int,
) -> list[Measurement]:
    """A pass over ``images`` of each loop in turn, in seconds a training step."""
    use_threads(contender.settings.num_threads)
    torch.manual_seed(contender.settings.seed)
    entries = [
        Entry(
            "spikeoff", "its own loop", lambda _: lambda: learn(contender, images),
            "deterministic; counts right answers within the time",
        )
    ]  # fmt: skip
    for kind in (PlainLoop, LeanLoop) if TORCH_LOOP in peers else ():
        loop = kind(contender, inputs, images)
        entries.append(Entry("PyTorch", loop.how, loop.turn, loop.note))
    if TENSORFLOW in peers:
        settings: Any = contender.settings
        keras = type(contender)(replace(settings, engine="tensorflow"))
        entries.append(
            Entry(
                "TensorFlow", "Keras, engine tensorflow, a graph a step",
                lambda _: lambda: learn(keras, images), "the same loop and counting as ours",
            )
        )  # fmt: skip
    return in_turns(entries, n_steps(len(images), contender.settings), turns)


def n_steps(n_images: int, config: GradientConfig) -> int:
    """Training steps in a pass, the last perhaps on fewer images."""
    return -(-n_images // config.batch_size)
