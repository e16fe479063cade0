"""``mlp``: time a training step, ours and those of its peers."""

from __future__ import annotations

import torch

from spikeoff.contenders.gradient.mlp import MLP, MLPConfig
from spikeoff.experiments.bench.torch_loop import run


def bench(
    against: tuple[str, ...] = (),
    n_hidden: int = 512,
    batch_size: int = 128,
    batches: int = 0,
    turns: int = 5,
    num_threads: int = 1,
    seed: int = 0,
) -> None:
    """Time a training step (forward, backward, Adam), alone or in turns with peers.

    Args:
        against: torch-loop: two plain PyTorch loops over the same network; tensorflow: the same
            network on engine tensorflow.
        n_hidden: hidden neurons.
        batch_size: images a step.
        batches: training steps in a turn; 0 goes through all images.
        turns: turns of each loop that count; one more warms up.
        num_threads: CPU threads of every loop.
        seed: decides weights, order and dropout.
    """
    config = MLPConfig(
        hidden=(n_hidden,), batch_size=batch_size, num_threads=num_threads, seed=seed, device="cpu"
    )
    run(MLP(config), scaled, against, batches, turns)


def scaled(pixels: torch.Tensor) -> torch.Tensor:
    """[n, 784] uint8 -> float in [0, 1]."""
    return pixels.float() / 255
