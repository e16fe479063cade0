"""``cnn``: time a training step, ours and those of its peers."""

from __future__ import annotations

from spikeoff.contenders.gradient.cnn import CNN, CNNConfig, as_pictures
from spikeoff.experiments.bench.torch_loop import run


def bench(
    against: tuple[str, ...] = (),
    n_hidden: int = 512,
    batch_size: int = 128,
    batches: int = 60,
    turns: int = 5,
    num_threads: int = 1,
    seed: int = 0,
) -> None:
    """Time a training step (forward, backward, Adam), alone or in turns with peers.

    Args:
        against: torch-loop: two plain PyTorch loops over the same network; tensorflow: the same
            network on engine tensorflow.
        n_hidden: neurons of the dense layer.
        batch_size: images a step.
        batches: training steps in a turn; 0 goes through all images.
        turns: turns of each loop that count; one more warms up.
        num_threads: CPU threads of every loop.
        seed: decides weights, order and dropout.
    """
    config = CNNConfig(
        n_hidden=n_hidden, batch_size=batch_size, num_threads=num_threads, seed=seed, device="cpu"
    )
    run(CNN(config), as_pictures, against, batches, turns)
