"""``spikeoff robust``: measure finished runs, and show what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from spikeoff.contenders.base import MAX_SEED
from spikeoff.contenders.field_checks import require
from spikeoff.errors import UserError
from spikeoff.experiments.robustness.measurement import measure
from spikeoff.plotting import save_figure
from spikeoff.report.groups import check_one_race
from spikeoff.report.robustness import robustness_figure, summarise, terminal_tables
from spikeoff.run.robustness_file import write_robustness
from spikeoff.run.run_record import find_runs, read_run

PICTURE = "robustness.png"


def robust(
    runs: Sequence[Path],
    output: Path,
    console: Console,
    *,
    n_images: int,
    noise_seed: int,
    num_threads: int | None,
) -> None:
    """Measure every run, write ``robustness.json`` into its folder, and print tables.

    Raises:
        UserError: there is no run, or one cannot be restored.
    """
    if not runs:
        raise UserError("no run given; name one or more folders of runs")
    require("n_images", n_images, n_images >= 1, "at least 1")
    require("seed", noise_seed, 0 <= noise_seed <= MAX_SEED, f"from 0 to {MAX_SEED}")
    require("num_threads", num_threads, num_threads is None or num_threads >= 1, "at least 1")
    records = sorted(map(read_run, find_runs(runs)), key=lambda one: (one.label, one.seed))
    check_one_race(records)
    for record in records:
        console.print(f"{record.label}, seed {record.seed} ...", highlight=False)
        measured = measure(
            record.folder, n_images=n_images, noise_seed=noise_seed, num_threads=num_threads
        )
        path = write_robustness(record.folder, measured)
        console.print(str(path), highlight=False, soft_wrap=True)
    summary = summarise(records)
    if summary is None:
        raise UserError("the results that were just written are gone; run spikeoff robust again")
    for table in terminal_tables(summary):
        console.print(table)
    picture = output / PICTURE
    save_figure(lambda: robustness_figure(summary), picture)
    console.print(str(picture), highlight=False, soft_wrap=True)
