"""Two workers against one, on this machine and as a Ray cluster; and what a run costs anyway.

Run: PYTHONPATH=. python benchmarks/workers.py [--turns N] [--into docs/scaling.md]

Each contender has a campaign of its own, one thread a run. A campaign's time goes from where it
gives out its first run to where its last one has finished, so that it holds every process's start.
Campaigns take turns.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.experiments.campaign import losing_nodes

from page_tables import publish, table
from spikeoff.experiments.campaign.plan import RACE
from spikeoff.ledger.environment import available_cores, cpu_name
from spikeoff.run.folder import SUMMARY
from spikeoff.run.json_files import read_json
from spikeoff.run.run_record import find_runs

RUNS = 4
COMMON = f"""
seeds = {list(range(RUNS))}
[all]
num_threads = 1
timing_seconds = 0
energy_seconds = 0
"""
CAMPAIGNS = {
    "mlp": "epochs = 12\n[mlp]\nn_train = 10000\n",
    "izhikevich-stdp": "epochs = 6\n[izhikevich-stdp]\nn_train = 5000\n",
    "mlp, 100 images": "epochs = 1\n[mlp]\nn_train = 100\n",
}
WAYS = {
    "local, 1": ["--workers", "1"],
    "local, 2": ["--workers", "2"],
    "ray, 2": ["--executor", "ray", "--workers", "2"],
}


def main(arguments: Sequence[str]) -> None:
    """Print a row a campaign and way."""
    given = list(arguments)
    turns = int(given[given.index("--turns") + 1]) if "--turns" in given else 3
    load = os.getloadavg()[0]
    seconds: dict[tuple[str, str], list[float]] = {}
    own: dict[str, list[float]] = {}
    sizes: dict[str, float] = {}
    for turn in range(turns):
        for name, text in CAMPAIGNS.items():
            for way, flags in WAYS.items():
                with tempfile.TemporaryDirectory(prefix="workers-") as folder:
                    taken, alone, size = measured(COMMON + text, flags, Path(folder))
                seconds.setdefault((name, way), []).append(taken)
                if way == "local, 1":
                    own.setdefault(name, []).append(alone)
                sizes[name] = size
        print(f"turn {turn + 1}/{turns}", file=sys.stderr)
    rows = []
    for (name, way), values in seconds.items():
        taken, one = statistics.median(values), statistics.median(seconds[name, "local, 1"])
        rows.append(
            [name, way, f"{taken:.1f} ({min(values):.1f} - {max(values):.1f})",
             f"{3600 * RUNS / taken:.0f}", f"{one / taken:.2f}",
             f"{taken / RUNS - statistics.median(own[name]):.1f}" if way == "local, 1" else "",
             f"{sizes[name] / 1e6:.1f}"]
        )  # fmt: skip
    head = ["campaign of 4 runs", "executor, workers", "s (range)", "runs/h", "against one worker",
            "s a run beside training", "MB a run"]  # fmt: skip
    often = "One turn" if turns == 1 else f"Median of {turns} turns"
    told = (
        f"{often}. {available_cores()} cores of {cpu_name()}; load average before: {load:.1f}. The "
        "third campaign hardly trains: its time is what a run costs anyway."
    )
    publish("workers", f"{table(head, rows)}\n\n{told}", arguments)


def measured(text: str, flags: Sequence[str], folder: Path) -> tuple[float, float, float]:
    """Seconds that the campaign takes, that a run of it trains, and bytes that one leaves."""
    file, output = folder / "asked.toml", folder / "out"
    file.write_text(text)
    process = losing_nodes.start(file, output, *flags)
    err = losing_nodes.end(process, output)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, stderr=err)
    began = (output / RACE).stat().st_mtime
    ends = [one["time"] for one in losing_nodes.journal(output) if one["event"] == "finished"]
    last = max(datetime.fromisoformat(end).timestamp() for end in ends)
    runs = find_runs([output])
    trained = [read_json(run / SUMMARY, dict[str, Any])["time"]["train_s"] for run in runs]
    size = sum(path.stat().st_size for run in runs for path in run.rglob("*") if path.is_file())
    return last - began, statistics.mean(trained), size / len(runs)


if __name__ == "__main__":
    began = time.perf_counter()
    main(sys.argv[1:])
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
