"""What benchmarks of PyTorch engines share: thread counts, PyTorch's settings, turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from spikeoff.contenders.gradient.trainer import GradientConfig, GradientContender
from spikeoff.contenders.hardware import choose_device
from spikeoff.data import Images


@contextmanager
def defaults() -> Iterator[None]:
    """PyTorch as it comes, for others' loops: ours asks for deterministic algorithms.

    They choose other operators and fill new memory, which users of a plain loop do not pay for.
    """
    asked = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(asked, warn_only=warned)


def learn(contender: GradientContender, images: Images) -> float:
    """One pass over ``images`` as a run makes it, with its counting; returns the mean loss."""
    total = sum(step.loss or 0.0 for step in contender.learn(images, 1))
    return total / len(images)


def done(device: str) -> None:
    """Wait until the device has done what it was given: a GPU works in the background."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


def conditions(config: GradientConfig) -> str:
    """What holds for all engines."""
    threads = torch.get_num_threads()
    gpu = torch.cuda.get_device_name() + ", " if choose_device(config.device) == "cuda" else ""
    return (
        f"{gpu}batch {config.batch_size}, forward, backward and Adam, first images of MNIST, "
        f"{threads} thread{'' if threads == 1 else 's'}, PyTorch {torch.__version__}, float32"
    )
