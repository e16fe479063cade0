"""What izhikevich-stdp reaches and costs at several sizes: a table, and docs/stdp-sizes.png.

Run: python benchmarks/stdp_sizes.py RUN... [--figure FILE]

RUN are folders of finished runs (``spikeoff train izhikevich-stdp --n_hidden N``) or folders that
hold some. Accuracies come from their records; times are measured here and now, each the best of
several passes over the same images, on one thread (learning) and on one and two (answering).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spikeoff.contenders.hardware import use_threads
from spikeoff.contenders.izhikevich_stdp.config import IzhikevichSTDPConfig
from spikeoff.contenders.izhikevich_stdp.contender import IzhikevichSTDP
from spikeoff.data import load_dataset
from spikeoff.ledger.environment import available_cores, cpu_name
from spikeoff.plotting import COLOURS, new_figure, save_figure
from spikeoff.run.run_record import RunRecord, find_runs, read_run

N_IMAGES, PASSES = 2000, 15

PUBLISHED = {
    "Diehl and Cook 2015": ([100, 400, 1600], [82.9, 87.0, 91.9]),
    "Querlioz et al. 2013": ([300], [93.5]),
    "locally connected STDP (BindsNET)": ([900], [91.68]),
}


def measured(sizes: Sequence[int]) -> dict[int, list[float]]:
    """Milliseconds per image by size: learning on one thread, answering on one, on two.

    Sizes take turns, so that a machine that slows down for a while slows all of them.
    """
    images = load_dataset().train.take(slice(0, N_IMAGES))
    best = {n_hidden: [np.inf] * 3 for n_hidden in sizes}
    networks = {n: IzhikevichSTDP(IzhikevichSTDPConfig(n_hidden=n)) for n in sizes}
    for passed in range(PASSES + 1):  # the first warms up
        for n_hidden, network in networks.items():
            use_threads(1)
            times = [timed(lambda: list(network.learn(images, 1)))]  # noqa: B023 (called at once)
            for threads in (1, min(2, available_cores())):
                use_threads(threads)
                times.append(timed(lambda: network.respond(images)))  # noqa: B023
            if passed:
                best[n_hidden] = [min(pair) for pair in zip(best[n_hidden], times, strict=True)]
    return best


def timed(work: Callable[[], object]) -> float:
    """Milliseconds per image."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start) / N_IMAGES


def by_size(records: Sequence[RunRecord]) -> dict[int, list[RunRecord]]:
    """Runs of the same settings but size and seed, by size."""
    sizes: dict[int, list[RunRecord]] = {}
    for record in records:
        if record.contender == IzhikevichSTDP.id:
            sizes.setdefault(record.summary["config"]["n_hidden"], []).append(record)
    return dict(sorted(sizes.items()))


def draw(sizes: Sequence[int], accuracies: Sequence[float], times: Sequence[float]) -> Figure:
    """Accuracy beside what is published for shallow STDP networks, and time, over size."""
    figure = new_figure(10, 4.2)
    accuracy, cost = figure.subplots(1, 2)
    for place, (name, (n, reached)) in enumerate(PUBLISHED.items(), 1):
        accuracy.plot(n, reached, "s--", color=COLOURS[place], label=name, markersize=6)
    accuracy.plot(sizes, accuracies, "o-", color=COLOURS[0], label="izhikevich-stdp")
    accuracy.set(xlabel="Hidden neurons", ylabel="Test accuracy (%)", xscale="log")
    accuracy.legend(loc="lower right", fontsize=9)
    cost.plot(sizes, times, "o-", color=COLOURS[0])
    cost.set(
        xlabel="Hidden neurons", ylabel="Learning, one core (ms per image)", xscale="log",
        ylim=(0, None),
    )  # fmt: skip
    for axes in (accuracy, cost):
        axes.set_xticks(sizes, [str(n) for n in sizes])
        axes.minorticks_off()
    return figure


def main(arguments: Sequence[str]) -> None:
    """Print the table; draw the figure where one is asked for."""
    places, figure = list(arguments), None
    if "--figure" in places:
        at = places.index("--figure")
        figure = Path(places[at + 1])
        del places[at : at + 2]
    grouped = by_size([read_run(path) for path in find_runs([Path(place) for place in places])])
    print(f"{cpu_name()}; times: best of {PASSES} passes over {N_IMAGES} images")
    print("hidden  seeds  validation   test (%)     probe (%)  spikes  ms learn  ms answer 1, 2")
    accuracies = []
    times = measured(list(grouped))
    for n_hidden, records in grouped.items():
        summaries = [record.summary for record in records]
        validation, test = (
            100 * np.array([s["accuracy"][part] for s in summaries])
            for part in ("validation", "test")
        )
        probes = 100 * np.mean([s["linear_probe"]["test"] for s in summaries])
        spikes = np.mean([s["spikes"]["per_example_hidden"] for s in summaries])
        learning, one, two = times[n_hidden]
        spread = f"± {test.std(ddof=1):.2f}" if len(test) > 1 else ""
        print(
            f"{n_hidden:6}  {len(summaries):5}  {validation.mean():10.2f}   {test.mean():5.2f} "
            f"{spread:6}  {probes:9.2f}  {spikes:6.0f}  {learning:8.4f}  {one:.4f}, {two:.4f}"
        )
        accuracies.append(float(test.mean()))
    if figure is not None:
        save_figure(lambda: draw(list(grouped), accuracies, [times[n][0] for n in grouped]), figure)


if __name__ == "__main__":
    main(sys.argv[1:])
