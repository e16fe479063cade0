"""What a campaign's own program does for each run, wherever the run takes place.

Run: python benchmarks/head_load.py [--into docs/scaling.md] 2> /dev/null

A thousand runs of ``mlp`` are planned, looked for, heard (a start, forty lines, an end) and noted;
none is made.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from page_tables import publish, table
from spikeoff.experiments.campaign import campaign_runner
from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult
from spikeoff.experiments.campaign.local import LocalExecutor
from spikeoff.experiments.campaign.plan import RACE, entries, write_race
from spikeoff.experiments.campaign.progress_display import JOURNAL, ProgressDisplay
from spikeoff.experiments.campaign.storage import LocalStorage
from spikeoff.experiments.campaign.store import Store
from spikeoff.ledger.environment import cpu_name
from spikeoff.run.folder import SUMMARY

RUNS, LINES = 1000, 40
RECORD = b"{" + b" " * 4000 + b"}"
"""As large as a run's record."""


def main(arguments: Sequence[str]) -> None:
    """Print a row a task."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        output = campaign_runner.Output(LocalStorage(root), root, str(root))
        runs = entries(["mlp"], range(RUNS), "full", {"num_threads": 1}, root)
        data, executor = campaign_runner._look_at_data(runs), LocalExecutor()
        jobs: list[Job] = []
        store, quiet = Store(output.storage), Console(file=io.StringIO())
        rows = [
            row("the run's address", lambda: jobs.extend(
                campaign_runner._job(n, one, output, str(root), data, executor)
                for n, one in enumerate(runs, 1)
            ), ""),
        ]  # fmt: skip
        display = ProgressDisplay(jobs, 1, quiet, root)
        rows += [
            row("the plan", lambda: write_race(runs, root, None), RACE, root),
            row("has it finished?", lambda: [
                campaign_runner._is_done(job, output, store, display, resumed=True) for job in jobs
            ], ""),
            row("its news, shown and kept", lambda: handle_all(display, jobs), JOURNAL,
                root),
        ]  # fmt: skip
        for one in runs:
            output.storage.write(f"{one.place}/{SUMMARY}", RECORD)
        name = "the note of its end (by the worker)"
        rows.append(row(name, lambda: note_all(store, output, jobs)))
        sent = len(pickle.dumps(jobs[0]))
    conditions = (
        f"Mean of {RUNS} runs with {LINES} lines of news each; {sent} bytes go to a worker. A core "
        f"of {cpu_name()}, load average {os.getloadavg()[0]:.1f}."
    )
    publish("head", f"{table(['for each run', 'ms', 'bytes'], rows)}\n\n{conditions}", arguments)


def row(name: str, work: Callable[[], object], file: str = "", root: Path = Path()) -> list[str]:
    """What ``work`` takes, and leaves in ``file``, a run."""
    start = time.perf_counter()
    work()
    taken = 1000 * (time.perf_counter() - start) / RUNS
    size = f"{(root / file).stat().st_size / RUNS:.0f}" if file else ""
    return [name, f"{taken:.2f}", size]


def handle_all(display: ProgressDisplay, jobs: Sequence[Job]) -> None:
    """Every run from its start to its end."""
    for job in jobs:
        display.handle(ProgressEvent(job.number, started="node 01234567 pid 1234"))
        for line in range(LINES):
            display.handle(
                ProgressEvent(job.number, line / LINES, f"epoch {line}/{LINES}  train 99.00 %")
            )
        display.handle(RunResult(job.number, "finished", "test accuracy 98.00 %, trained in 9 s"))


def note_all(store: Store, output: campaign_runner.Output, jobs: Sequence[Job]) -> None:
    """A note for every run."""
    for job in jobs:
        store.add(job.address, output.storage, job.entry.place)


if __name__ == "__main__":
    main(sys.argv[1:])
