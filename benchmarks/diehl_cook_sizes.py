"""How the time of a diehl-cook image grows with the number of excitatory neurons.

Run: python benchmarks/diehl_cook_sizes.py [figure.png]

Prints one row per size, from one run on one thread, and draws them. Beside each time stands a
floor: the time of the deliveries alone. A simulation with one delay per synapse must deliver every
input spike to every neuron; the same kernel measures this in the same run.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.engines.native import NativeEngine
from spikeoff.contenders.diehl_cook.initial_layers import make_constants, make_layers
from spikeoff.contenders.diehl_cook.kernels.delayed_input import LANES, deliver
from spikeoff.contenders.diehl_cook.kernels.poisson_trains import draw_trains
from spikeoff.data import load_dataset
from spikeoff.ledger.environment import cpu_name
from spikeoff.plotting import COLOURS, MARKERS, new_figure, save_figure

SIZES = (100, 200, 400, 800, 1600, 3200, 6400)
REPEATS = 5


def median_ms(work: Callable[[], object], images: int) -> float:
    """Median milliseconds per image of calls that handle ``images`` each."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times) / images


def measure(n_e: int) -> tuple[float, float, float]:
    """Milliseconds per image of learning, of answering, and of deliveries alone."""
    config = DiehlCookConfig(n_e=n_e, num_threads=1)
    layers, _ = make_layers(config)
    engine = NativeEngine(make_constants(config, n_e), layers)
    n_images = max(10, 80_000 // n_e)
    images = load_dataset().train.take(slice(0, n_images))
    engine.learn(images, 1)  # compiles, and leaves the first, restless images behind
    engine.respond(images.take(slice(0, 2)), 0)
    learning = median_ms(lambda: engine.learn(images, 1), n_images)
    answering = median_ms(lambda: engine.respond(images, 0), n_images)
    weights = np.pad(layers[0].weights, ((0, -n_e % LANES), (0, 0))).astype(np.float32)
    delays = np.pad(layers[0].delays, ((0, -n_e % LANES), (0, 0)))
    out = np.empty((720, len(weights)), np.float32)
    lanes = np.empty((LANES // 4, 4 * 720), np.float32)
    trains = [
        draw_trains(pixels, 700, 2.0, 0.5, number, 1, 0, 0)
        for number, pixels in enumerate(images.flat[:10])
    ]

    def deliveries() -> None:
        for train in trains:
            deliver(weights, delays, np.float32(1), train, lanes, out)

    deliveries()
    return learning, answering, median_ms(deliveries, len(trains))


def main() -> None:
    """Measure all sizes; draw where a figure is named."""
    print(f"{cpu_name()}, 1 thread, dt 0.5 ms, 350 + 150 ms per image, medians of {REPEATS}")
    print("   n_e  learning  answering  deliveries alone (ms/image)")
    rows = []
    for n_e in SIZES:
        rows.append(measure(n_e))
        print(f"{n_e:6} {rows[-1][0]:9.2f} {rows[-1][1]:10.2f} {rows[-1][2]:10.2f}", flush=True)
    if len(sys.argv) > 1:
        save_figure(lambda: figure_of(rows), Path(sys.argv[1]))


def figure_of(rows: list[tuple[float, float, float]]) -> Figure:
    """Times over sizes, both on logarithmic axes."""
    figure = new_figure(6.4, 4.2)
    axes = figure.add_subplot()
    names = ("learning", "answering", "deliveries alone")
    for name, colour, marker, times in zip(
        names, COLOURS, MARKERS, zip(*rows, strict=True), strict=False
    ):
        axes.plot(SIZES, times, marker=marker, color=colour, label=name)
    axes.set(
        xscale="log", yscale="log", xlabel="Excitatory neurons", ylabel="ms per image, one thread"
    )
    axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
    axes.minorticks_off()
    axes.legend()
    return figure


if __name__ == "__main__":
    main()
