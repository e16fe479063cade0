"""A finished front as a page: the answer, the figure, and the networks on the fronts.

Run: python benchmarks/front_tables.py FRONT [--figure docs/front.png] [--into docs/front.md]

Trains nothing: ``spikeoff front --seeds 0 1 2 --output FRONT`` did.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import spikeoff
from page_tables import publish, table
from spikeoff.ledger.operation_energy import load_table
from spikeoff.plotting import save_figure
from spikeoff.report.equal_accuracy import equal_accuracy, rows
from spikeoff.report.front_figure import front_figure
from spikeoff.run.run_record import find_runs


def main(arguments: Sequence[str]) -> None:
    """Print the parts, or put them into a page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("front", type=Path)
    parser.add_argument("--figure", type=Path)
    given, rest = parser.parse_known_args(arguments)
    race = spikeoff.Comparison([spikeoff.load_run(path) for path in find_runs([given.front])])
    publish("answer", f"> {race.answer}", rest)
    found = equal_accuracy([run.run_record for run in race.runs], load_table())
    if found is None:
        parser.error(f"{given.front}: no conventional contender has three sizes")
    leading = tuple(one for one in found.comparisons if one.point.on_front)
    shown = rows(replace(found, comparisons=leading))
    publish("front", table(list(shown[0]), [list(row.values()) for row in shown]), rest)
    if given.figure:
        save_figure(lambda: front_figure(found), given.figure)


if __name__ == "__main__":
    main(sys.argv[1:])
