"""How far the engines of `mlp` and `cnn` are apart, from the same weights on the same batches.

Run: python benchmarks/tensorflow_parity.py [--into docs/tensorflow.md]

Needs the extra ``tensorflow``. Without dropout; otherwise as in the full preset.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from page_tables import publish, table
from spikeoff.contenders.gradient.conventional import Conventional
from spikeoff.contenders.registry import find
from spikeoff.data import Images, load_dataset
from spikeoff.ledger.environment import cpu_name

STEPS = 10


def losses(contender: Conventional, images: Images) -> list[float]:
    """Mean loss of each of the first steps."""
    contender.batches_per_step = 1
    return [(step.loss or 0) / step.examples for step in islice(contender.learn(images, 1), STEPS)]


def apart(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest difference."""
    return float(np.abs(np.subtract(one, other)).max())


def main(arguments: Sequence[str]) -> None:
    """Compare both networks and print one table."""
    dataset = load_dataset()
    lines = []
    for name in ("mlp", "cnn"):
        kind: Any = find(name)
        config = kind.config_type(num_threads=1, device="cpu", dropout=0.0)
        native, keras = kind(config), kind(replace(config, engine="tensorflow"))
        before = [network.respond(dataset.test) for network in (native, keras)]
        learned = [losses(network, dataset.train) for network in (native, keras)]
        keras.restore(native.state())
        after = [network.respond(dataset.test) for network in (native, keras)]
        same = (after[0].labels == after[1].labels).sum()
        lines.append(
            [
                f"`{name}`",
                f"{apart(before[0].scores, before[1].scores):.1e}",
                f"{apart(*learned):.1e}",
                f"{np.abs(after[0].scores).max():.2f}",
                f"{apart(after[0].scores, after[1].scores):.1e}",
                f"{same:,} of {len(dataset.test):,}",
            ]
        )
    head = [
        "network", "logits at the start", f"first {STEPS} losses", "largest logit then",
        "logits then, of the same weights", "same answers",
    ]  # fmt: skip
    told = (
        f"Largest absolute differences; logits of all {len(dataset.test):,} test images, one "
        f"thread, float32. {cpu_name()}."
    )
    publish("parity", f"{table(head, lines)}\n\n{told}", arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
