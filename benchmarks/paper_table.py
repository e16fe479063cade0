"""The table of Diehl and Cook (2015): accuracy by number of neurons, as published.

Run: python benchmarks/paper_table.py FOLDER [--sizes 100 400 1600 6400] [--passes 3 3 7 1]
     [--into docs/diehl-cook.md]

Each size is a run in a folder of its own below FOLDER: what was stopped continues, and what is
finished is read. The table has all finished runs in FOLDER. One thread.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import spikeoff
from page_tables import publish, table
from spikeoff.run.run_record import find_runs

PAPER = {100: 82.9, 400: 87.0, 1600: 91.9, 6400: 95.0}
"""Test accuracy (%) in the paper."""

VOTES = ("class-mean", "proportional", "learned")


def trained(folder: Path, n_e: int, passes: int) -> None:
    """A run of the published network."""
    if folder.exists():
        spikeoff.resume(folder)
        return
    spikeoff.train(
        "diehl-cook", n_e=n_e, epochs=passes, save_path=folder, num_threads=1,
        timing_seconds=0.0, energy_seconds=0.0,
    )  # fmt: skip


def row(folder: Path) -> list[str]:
    """A run's line; the vote as published is the class mean."""
    summary = spikeoff.load_run(folder).summary
    ours = [f"{100 * summary['votes'][vote]:.2f}" for vote in VOTES]
    n_e, passes = summary["config"]["n_e"], summary["config"]["epochs"]
    minutes = summary["time"]["train_s"] / 60
    return [str(n_e), str(passes), f"{PAPER[n_e]}", *ours, f"{minutes:.0f}"]


def main(arguments: Sequence[str]) -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", nargs="*", type=int, default=list(PAPER))
    parser.add_argument("--passes", nargs="*", type=int, default=[3, 3, 7, 1])
    given, rest = parser.parse_known_args(arguments)
    for n_e, passes in zip(given.sizes, given.passes, strict=True):
        trained(given.folder / f"{n_e}-neurons-{passes}-passes", n_e, passes)
    head = ["neurons", "passes", "paper (%)", "class mean, as published (%)", "proportional (%)",
            "learned (%)", "minutes of training"]  # fmt: skip
    rows = sorted(map(row, find_runs([given.folder])), key=lambda one: int(one[0]))
    publish("paper_table", table(head, rows), rest)


if __name__ == "__main__":
    main(sys.argv[1:])
