"""How a training step of izhikevich-gradient grows with hidden size, steps and batch.

Run: python benchmarks/growth.py [--threads N] [--into docs/performance.md]

One setting is changed at a time from 1024 hidden neurons, 50 steps, batch 128. Settings take turns,
so that a machine that slows down for a while slows all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from page_tables import publish, table
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.experiments.bench.izhikevich_gradient import Batches
from spikeoff.experiments.bench.measure import Entry, in_turns
from spikeoff.experiments.bench.pytorch import learn
from spikeoff.ledger.environment import cpu_name

TURNS = 7
GRID: dict[str, tuple[Any, ...]] = {
    "hidden": ((128,), (256,), (512,), (1024,), (2048,), (4096,)),
    "n_steps": (10, 25, 50, 100, 200),
    "batch_size": (16, 32, 64, 128, 256, 512),
}


def entry(config: IzhikevichGradientConfig, how: str) -> Entry:
    """A network of these settings, a step a turn."""
    batches, contender = Batches(config), IzhikevichGradient(config)
    return Entry("spikeoff", how, lambda turn: lambda: learn(contender, batches.images(turn)))


def main(arguments: Sequence[str]) -> None:
    """Print a row a setting."""
    given = list(arguments)
    threads = int(given[given.index("--threads") + 1]) if "--threads" in given else 1
    base = IzhikevichGradientConfig(num_threads=threads, device="cpu", dropout=0.0)
    settings = [(name, value) for name, values in GRID.items() for value in values]
    configs = [replace(base, **{name: value}) for name, value in settings]
    entries = [entry(config, name) for config, (name, _) in zip(configs, settings, strict=True)]
    rows = []
    for one, config, (name, value) in zip(
        in_turns(entries, 1, TURNS), configs, settings, strict=True
    ):
        low, high = 1000 * min(one.seconds), 1000 * max(one.seconds)
        places = sum(config.hidden) * config.n_steps * config.batch_size
        rows.append(
            [
                f"`{name}`", str(value).strip("(,)"),
                f"{1000 * one.median:.3g} ({low:.3g} - {high:.3g})",
                f"{1e9 * one.median / places:.3g}",
            ]
        )  # fmt: skip
    head = ["setting", "value", "ms per step (range)", "ns per neuron, step and image"]
    told = (
        f"Others: 1024 hidden neurons, 50 steps, batch 128; {threads} "
        f"thread{'' if threads == 1 else 's'}, median of {TURNS} turns. {cpu_name()}."
    )
    publish("growth", f"{table(head, rows)}\n\n{told}", arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
