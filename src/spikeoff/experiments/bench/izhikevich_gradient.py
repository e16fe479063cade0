"""``izhikevich-gradient``: time a training step, ours and peers', on the same input spikes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from spikeoff.coding import rate_code
from spikeoff.console import output_console
from spikeoff.contenders.base import Device, require
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.contenders.hardware import use_threads
from spikeoff.data import Images, load_dataset
from spikeoff.experiments.bench.measure import (
    Entry,
    Measurement,
    choose_peers,
    in_turns,
    print_table,
)
from spikeoff.experiments.bench.pytorch import conditions, done, learn
from spikeoff.experiments.bench.spiking_peers import PEERS, SpikingPeer

EPOCH = 1
"""Whose spikes all engines see."""


def bench(
    against: tuple[str, ...] = (),
    n_hidden: int = 1024,
    n_steps: int = 50,
    batch_size: int = 128,
    turns: int = 10,
    num_threads: int = 1,
    seed: int = 0,
    device: Device = "cpu",
) -> None:
    """Time a training step (forward, backward, Adam), alone or in turns with peers.

    Args:
        against: peers, one or more of snntorch and spikingjelly; they need the extra peers.
        n_hidden: hidden neurons.
        n_steps: time steps an image is shown.
        batch_size: images a step.
        turns: steps of each engine that count; one more warms up.
        num_threads: CPU threads of every engine.
        seed: decides weights and input spikes.
        device: where all of them compute; a GPU is waited for before the clock is read.
    """
    peers = choose_peers("izhikevich-gradient", against, list(PEERS))
    require("turns", turns, 1 <= turns <= 1000, "from 1 to 1000")
    config = IzhikevichGradientConfig(
        hidden=(n_hidden,), n_steps=n_steps, batch_size=batch_size, num_threads=num_threads,
        seed=seed, device=device, dropout=0.0,
    )  # fmt: skip
    measured = measure(config, peers, turns)
    text = f"784-{n_hidden}-10, {n_steps} steps, no dropout, {conditions(config)}"
    print_table(
        "Training a spiking network by gradient",
        "step",
        measured,
        text,
        output_console(),
    )


def measure(config: IzhikevichGradientConfig, peers: list[str], turns: int) -> list[Measurement]:
    """A step of each engine in turn, every turn on the next batch of training images."""
    use_threads(config.num_threads)
    torch.manual_seed(config.seed)
    batches = Batches(config)
    contender = IzhikevichGradient(config)
    entries = [
        Entry(
            "spikeoff",
            f"Izhikevich, {contender.engine} engine",
            ours_of(contender, batches),
            "draws its input spikes and counts right answers within the time",
        )
    ]
    for kind in (kind for name in peers for kind in PEERS[name]):
        peer = kind(config.hidden[0], contender.device)
        entries.append(Entry(peer.engine, peer.how, steps_of(peer, batches), peer.note))
    return in_turns(entries, 1, turns)


class Batches:
    """Batch after batch of training images, from the first again after the last whole one."""

    def __init__(self, config: IzhikevichGradientConfig) -> None:
        self._all, self._config = load_dataset().train, config
        size = config.batch_size
        require("batch_size", size, size <= len(self._all), f"at most {len(self._all)} images")

    def images(self, number: int) -> Images:
        """The images of a batch."""
        size = self._config.batch_size
        first = number % (len(self._all) // size) * size
        return self._all.take(slice(first, first + size))

    def spikes(self, number: int) -> torch.Tensor:
        """[steps, n, 784] float32: what ``izhikevich-gradient`` draws for these images."""
        config = self._config
        drawn = rate_code(
            self.images(number), config.n_steps, config.max_rate, seed=config.seed, epoch=EPOCH
        )
        return torch.from_numpy(np.ascontiguousarray(drawn.swapaxes(0, 1))).float()

    def labels(self, number: int) -> torch.Tensor:
        """[n] int64."""
        return torch.from_numpy(self.images(number).labels).long()


def ours_of(
    contender: IzhikevichGradient, batches: Batches
) -> Callable[[int], Callable[[], object]]:
    """How ours enters: its pixels lie in the memory of the host when its time begins."""

    def prepare(turn: int) -> Callable[[], object]:
        images = batches.images(turn)
        return lambda: learn(contender, images)

    return prepare


def steps_of(peer: SpikingPeer, batches: Batches) -> Callable[[int], Callable[[], object]]:
    """How a peer enters: its input lies ready on its device when its time begins."""

    def prepare(turn: int) -> Callable[[], object]:
        spikes, labels = batches.spikes(turn).to(peer.device), batches.labels(turn).to(peer.device)
        done(peer.device)

        def step() -> None:
            peer.step(spikes, labels)
            done(peer.device)

        return step

    return prepare
