"""A finished race as a page: its answer, its table, and every twin under every energy model.

Run: python benchmarks/race_tables.py RACE [--figure docs/tuned-race.png] [--into docs/results.md]

Trains nothing: ``spikeoff compare --preset tuned --seeds 0 1 2 --output RACE`` did.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import spikeoff
from page_tables import publish, table
from spikeoff.plotting import save_figure
from spikeoff.run.run_record import find_runs

TIMES = ("Training (s)", "Inference (ms/image)")
"""Left out: they belong to a machine and its other work, not to the networks."""


def ratio(value: float | None) -> str:
    """Two digits, or that there is none."""
    if value is None:
        return "none"
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def matrix(race: spikeoff.Comparison) -> str:
    """A row per model: a spiking network's energy over its twin's, skipping zeros / dense."""
    rows = [row for row in race.energy_models if row["weights"] == "stored"]
    pairs = list(dict.fromkeys((row["spiking"], row["twin"]) for row in rows))
    lines = []
    for model in dict.fromkeys(row["model"] for row in rows):
        cells = {(row["spiking"], row["twin"]): row for row in rows if row["model"] == model}
        counted = any(row["counted"] for row in cells.values())
        found = [
            f"{ratio(cells[pair]['zeros_skipped'])} / {ratio(cells[pair]['all_computed'])}"
            for pair in pairs
        ]
        lines.append([f"`{model}`" + ("" if counted else " (variant)"), *found])
    return table(["model", *(f"{spiking} : {twin}" for spiking, twin in pairs)], lines)


def main(arguments: Sequence[str]) -> None:
    """Print the parts, or put them into a page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("race", type=Path)
    parser.add_argument("--figure", type=Path)
    given, rest = parser.parse_known_args(arguments)
    runs = [spikeoff.load_run(path) for path in find_runs([given.race])]
    race = spikeoff.Comparison(runs)
    publish("answer", f"> {race.answer}", rest)
    columns = [name for name in race.table[0] if name not in TIMES]
    publish("race", table(columns, [[row[name] for name in columns] for row in race.table]), rest)
    publish("verdicts", "\n".join(f"- {sentence}" for sentence in race.verdicts), rest)
    publish("matrix", matrix(race), rest)
    if given.figure:  # the rounded twins lie on those that they are rounded from
        shown = spikeoff.Comparison([run for run in runs if run.contender != "mlp-int8"])
        save_figure(lambda: shown.figure("energy"), given.figure)


if __name__ == "__main__":
    main(sys.argv[1:])
