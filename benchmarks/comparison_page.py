"""How long the comparison page of a race takes, and how large it is.

    python benchmarks/comparison_page.py             # trains a tiny race of its own first
    python benchmarks/comparison_page.py RUN...      # of these runs

A page is built as a user builds it: ``spikeoff report`` in a process of its own, Python's start and
imports included; told are the median and the range of several.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from spikeoff.ledger.environment import available_cores, cpu_name

TIMES = 5
TINY = ("--epochs", "1", "--n_train", "500", "--seeds", "0", "1", "2")


def spikeoff(*arguments: str) -> float:
    """Run the command; returns its seconds."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "spikeoff", *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Measure and tell."""
    with tempfile.TemporaryDirectory() as folder:
        runs = sys.argv[1:]
        if not runs:
            print("training five contenders, three seeds each, on 500 images")
            spikeoff("compare", *TINY, "--output", f"{folder}/race")
            runs = [f"{folder}/race"]
        n = sum(1 for place in runs for _ in Path(place).rglob("summary.json"))
        page = Path(folder) / "page"
        seconds = [spikeoff("report", *runs, "--output", str(page)) for _ in range(TIMES)]
        size = (page / "comparison.html").stat().st_size
    print(f"{cpu_name()}, {available_cores()} cores")
    print(
        f"{n} runs: {statistics.median(seconds):.1f} s "
        f"({min(seconds):.1f} to {max(seconds):.1f}), page {size / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
