"""What strict mode costs: training and answering of the spiking networks, with and without it.

Run: python benchmarks/strict.py [CONTENDER ...]

Each network trains on the same images in turns, without and with strict mode, on one thread, with
its default settings, and answers them after each turn. Times are processor time. A ratio is the
median of the turns, with the quartiles.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

from spikeoff.contenders.base import Contender
from spikeoff.contenders.registry import find
from spikeoff.data import Images, load_dataset

TURNS = 15
N_IMAGES = {
    "izhikevich-gradient": 640, "izhikevich-sparse": 5120, "izhikevich-stdp": 1000,
    "diehl-cook": 100,
}  # fmt: skip
"""Images per turn."""


def main() -> None:
    """Measure and print a table."""
    data = load_dataset()
    print("| network | training, ms per image | strict | ratio | answering | strict | ratio |")
    print("|---|---|---|---|---|---|---|")
    for name in sys.argv[1:] or N_IMAGES:
        images = data.train.take(slice(0, N_IMAGES[name]))
        networks = [made(name, strict) for strict in (False, True)]
        for one in networks:
            one.warm_up(images.take(slice(0, 2)))
            turn(one, images, 1)
        times = [[turn(one, images, 2 + n) for one in networks] for n in range(TURNS)]
        cells = []
        for part in range(2):
            default, strict = ([1000 * pair[k][part] / len(images) for pair in times]
                               for k in range(2))  # fmt: skip
            ratios = [b / a for a, b in zip(default, strict, strict=True)]
            cells += [
                f"{statistics.median(default):.3g}", f"{statistics.median(strict):.3g}",
                "{1:.2f} ({0:.2f}-{2:.2f})".format(*statistics.quantiles(ratios, n=4)),
            ]  # fmt: skip
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def made(name: str, strict: bool) -> Contender:
    """The network."""
    kind: Any = find(name)
    network: Contender = kind(kind.config_type(strict=strict, num_threads=1, device="cpu"))
    return network


def turn(network: Contender, images: Images, epoch: int) -> tuple[float, float]:
    """Seconds of processor time of training on the images, and of answering them."""
    begin = time.process_time()
    list(network.learn(images, epoch))
    middle = time.process_time()
    network.respond(images)
    return middle - begin, time.process_time() - middle


if __name__ == "__main__":
    main()
