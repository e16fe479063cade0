"""How long one training step of izhikevich-gradient takes on each engine, and its parts.

Run: python benchmarks/training_step.py [threads]

Prints medians over several steps in one run, and the ratio of the engines. The parts are timed
around the calls of the native engine.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch.nn import functional

from spikeoff.contenders.gradient.numba import neuron_loop
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.data import MNIST, Images, load_dataset
from spikeoff.kernels import spike_delta as departures
from spikeoff.kernels.rate_coding import rate_code_delta
from spikeoff.ledger.environment import available_cores, cpu_name
from spikeoff.neurons.izhikevich import PRESETS

REPEATS = 9


def median_ms(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median of ``repeats`` calls after one that warms up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def training_step(network: IzhikevichGradient, images: Images) -> None:
    """Forward, backward and Adam on one batch."""
    pixels, labels = torch.from_numpy(images.flat), torch.from_numpy(images.labels).long()
    network.optimizer.zero_grad()
    logits = network.present(pixels, images.ids, epoch=1)
    functional.cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
    network.optimizer.step()


def main() -> None:
    """Time both engines and the native one's parts."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else available_cores()
    config = IzhikevichGradientConfig(num_threads=threads, device="cpu")
    images = load_dataset().train.take(slice(0, config.batch_size))
    print(
        f"784-{config.hidden[0]}-10, {config.n_steps} steps, batch {config.batch_size}, "
        f"{threads} threads, {cpu_name()}"
    )
    native = IzhikevichGradient(config)
    plain = IzhikevichGradient(replace(config, engine="torch"))
    fast = median_ms(lambda: training_step(native, images))
    slow = median_ms(lambda: training_step(plain, images), repeats=3)
    print(f"step, native  {fast:8.1f} ms")
    print(f"step, torch   {slow:8.1f} ms   ratio {slow / fast:.1f}")

    inputs = rate_code_delta(images, config.n_steps, config.max_rate, seed=0, epoch=1)
    weights = native.state()["hidden"]
    currents = departures.product(inputs, weights)
    bias = native.state()["bias"]
    by_sums = torch.randn(config.batch_size, config.n_steps, MNIST.n_classes).numpy()
    back = torch.randn(MNIST.n_classes, config.hidden[0]).numpy()
    kept = torch.ones(config.batch_size, config.hidden[0], dtype=torch.uint8).numpy()
    pattern = PRESETS[config.hidden_pattern]
    rule = (config.surrogate, config.surrogate_width, config.max_slope)
    parts: dict[str, Callable[[], object]] = {
        "rate coding": lambda: rate_code_delta(
            images, config.n_steps, config.max_rate, seed=0, epoch=1
        ),
        "input product": lambda: departures.product(inputs, weights),
        "neurons forward": lambda: neuron_loop.forward(
            currents, bias, config.n_steps, pattern, config.dt
        ),
        "neurons backward": lambda: neuron_loop.backward(
            currents, by_sums, back, kept, pattern, config.dt, *rule
        ),
        "weight gradient": lambda: departures.gradients(inputs, currents, config.hidden[0]),
    }
    for name, work in parts.items():
        print(f"  {name:17} {median_ms(work):6.1f} ms")


if __name__ == "__main__":
    main()
