"""The gradient-trained contenders beside their peers, by what `spikeoff bench` measures.

Run: python benchmarks/peers.py [--threads N] [--into docs/performance.md]

Needs the extra ``peers``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from page_tables import publish, table
from spikeoff.contenders.gradient.cnn import CNN, CNNConfig, as_pictures
from spikeoff.contenders.gradient.mlp import MLP, MLPConfig
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.data import load_dataset
from spikeoff.experiments.bench import izhikevich_gradient, torch_loop
from spikeoff.experiments.bench.measure import Measurement
from spikeoff.experiments.bench.mlp import scaled
from spikeoff.experiments.bench.spiking_peers import PEERS
from spikeoff.ledger.environment import cpu_name

TURNS = 7
BATCH = 128
MLP_BATCHES, CNN_BATCHES = 200, 20


def rows(contender: str, measured: Sequence[Measurement]) -> list[list[str]]:
    """Lines of the table, each with its ratio to ours."""
    lines = []
    for one in measured:
        low, high = 1000 * min(one.seconds), 1000 * max(one.seconds)
        lines.append(
            [
                f"`{contender}`", f"{one.engine}: {one.how}",
                f"{1000 * one.median:.3g} ({low:.3g} - {high:.3g})",
                f"{one.median / measured[0].median:.2f}",
            ]
        )  # fmt: skip
    return lines


def main(arguments: Sequence[str]) -> None:
    """Measure all three and print one table."""
    given = list(arguments)
    threads = int(given[given.index("--threads") + 1]) if "--threads" in given else 1
    spiking = IzhikevichGradientConfig(num_threads=threads, device="cpu", dropout=0.0)
    lines = rows("izhikevich-gradient", izhikevich_gradient.measure(spiking, list(PEERS), TURNS))
    images = load_dataset().train
    mlp, cnn = (
        MLP(MLPConfig(num_threads=threads, device="cpu")),
        CNN(CNNConfig(num_threads=threads, device="cpu")),
    )
    for contender, inputs, batches in (
        (mlp, scaled, MLP_BATCHES),
        (cnn, as_pictures, CNN_BATCHES),
    ):
        part = images.take(slice(0, batches * BATCH))
        measured = torch_loop.measure(contender, inputs, part, ["torch-loop"], TURNS)
        lines += rows(contender.id, measured)
    head = ["contender", "engine", "ms per step (range)", "times ours"]
    told = (
        f"Batch {BATCH}, {threads} thread{'' if threads == 1 else 's'}, median of {TURNS} turns, "
        f"of {MLP_BATCHES} steps each for `mlp`, {CNN_BATCHES} for `cnn`. {cpu_name()}."
    )
    publish("peers", f"{table(head, lines)}\n\n{told}", arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
