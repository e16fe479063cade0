"""What benchmarks of PyTorch engines share: our own pass, waiting for a GPU, the conditions."""

from __future__ import annotations

import torch

from spikeoff.contenders.gradient.trainer import GradientConfig, GradientContender
from spikeoff.contenders.hardware import choose_device, thread_count
from spikeoff.data import Images


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
    threads = thread_count(config.num_threads)
    gpu = torch.cuda.get_device_name() + ", " if choose_device(config.device) == "cuda" else ""
    return (
        f"{gpu}batch {config.batch_size}, forward, backward and Adam, first images of MNIST, "
        f"{threads} thread{'' if threads == 1 else 's'}, PyTorch {torch.__version__}, float32"
    )
