"""An epoch of training of each gradient-trained contender, on one core and on all.

Run: python benchmarks/epochs.py [--into docs/performance.md]

An epoch is 55,000 images, with all that a run does while it learns; validation and checkpoints are
not in it. Numbers of threads take turns, so that a machine that slows down slows both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from page_tables import publish, table
from spikeoff.contenders.gradient.trainer import GradientContender
from spikeoff.contenders.hardware import use_threads
from spikeoff.contenders.registry import find
from spikeoff.data import Images, load_dataset, split
from spikeoff.experiments.bench.measure import Entry, in_turns
from spikeoff.experiments.bench.pytorch import learn
from spikeoff.ledger.environment import available_cores, cpu_name

NAMES = ("mlp", "cnn", "izhikevich-gradient")
TURNS = 3


def entry(contender: GradientContender, threads: int, images: Images) -> Entry:
    """An epoch on so many threads a turn."""

    def epoch() -> None:
        learn(contender, images)

    def prepare(_: int) -> Callable[[], None]:
        use_threads(threads)
        return epoch

    return Entry("spikeoff", str(threads), prepare)


def main(arguments: Sequence[str]) -> None:
    """Print a row a contender and number of threads."""
    images = split(load_dataset(), seed=0, n_validation=5000).train
    counts = sorted({1, available_cores()})
    rows = []
    for name in NAMES:
        kind = find(name)
        contender = kind(kind.config_type(device="cpu"))
        assert isinstance(contender, GradientContender)
        measured = in_turns([entry(contender, count, images) for count in counts], 1, TURNS)
        for one in measured:
            times = f"{one.median:.3g} ({min(one.seconds):.3g} - {max(one.seconds):.3g})"
            faster = f"{measured[0].median / one.median:.2f}"
            rows.append([f"`{name}`", one.how, times, faster])
    head = ["contender", "threads", "s an epoch (range)", "times one thread"]
    told = f"Full preset, median of {TURNS} turns. {cpu_name()}, {available_cores()} cores."
    publish("epochs", f"{table(head, rows)}\n\n{told}", arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
