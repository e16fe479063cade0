"""A finished front as a page: the answer, the figure, and the networks on the fronts.

Run: python benchmarks/front_tables.py FRONT [--figure docs/front.png] [--into docs/front.md]

Trains nothing: ``spikeoff front --seeds 0 1 2 --output FRONT`` did.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import spikeoff
from page_tables import publish, table
from spikeoff.plotting import save_figure
from spikeoff.run.run_record import find_runs

BESIDE = {"within": "", "below": " (more accurate)", "beyond": " (less accurate)"}


def digits(value: float) -> str:
    """Two of them, or all before the point."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def limits(low: float, high: float) -> str:
    """An interval; one that begins at 0 includes that no conventional network is as accurate."""
    return f"{digits(low)} to {digits(high)}" if low else f"at most {digits(high)}"


def row(one: Mapping[str, Any]) -> list[str]:
    """A spiking network."""
    interval = one["interval"]
    return [
        one["network"], f"{100 * one['accuracy']:.2f}",
        " and ".join(one["conventional"]) + BESIDE[one["place"]],
        "no claim" if one["ratio"] is None else digits(one["ratio"]),
        "none" if interval is None else limits(*interval),
        f"{one['saving']} of {one['decided']}",
    ]  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Print the parts, or put them into a page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("front", type=Path)
    parser.add_argument("--figure", type=Path)
    given, rest = parser.parse_known_args(arguments)
    race = spikeoff.Comparison([spikeoff.load_run(path) for path in find_runs([given.front])])
    publish("answer", f"> {race.answer}", rest)
    head = ["network", "test accuracy (%)", "beside", "ratio", "95 % interval",
            "models that see a saving"]  # fmt: skip
    rows = [row(one) for one in race.equal_accuracy if one["on_front"]]
    publish("front", table(head, rows), rest)
    if given.figure:
        save_figure(lambda: race.figure("front"), given.figure)


if __name__ == "__main__":
    main(sys.argv[1:])
