"""What the machine can do at most: matrix product, copying, gathering rows. For floors of cost.

Run: python benchmarks/ceilings.py [--into docs/performance.md]

The best of many repeats: a ceiling, which noise can only lower. The matrix product is PyTorch's,
float32, of the shape of a dense layer's step. Copying counts bytes read and bytes written.
Gathering adds rows of 1 KiB, picked at random from a table of a stated size, eight at a time, into
a row that stays in the first-level cache: what a sparse input product does. It counts bytes read
from the table.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch

from page_tables import publish, table
from spikeoff.contenders.hardware import use_threads
from spikeoff.kernels.jit import kernel, noalias_kernel
from spikeoff.ledger.environment import available_cores, cpu_name

SECONDS = 0.6
ROW = 256
TABLES = {"16 KiB": 16, "1 MiB": 1024, "3 MiB": 3136, "64 MiB": 65536}
"""Sizes in rows of 1 KiB; 3 MiB are the weights of 784 x 1024."""
GATHERED = 1 << 16


@dataclass(frozen=True)
class Ceilings:
    """A number of threads, and what they do at most.

    gflops: float32 operations (10^9/s), a multiplication and an addition are two.
    copy: GB/s, read and written together.
    gather: GB/s by name of the table.
    """

    threads: int
    gflops: float
    copy: float
    gather: dict[str, float]


def measure_ceilings(threads: int) -> Ceilings:
    """Measure all of them on so many threads."""
    use_threads(threads)
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    product = torch.empty(1024, 1024)
    gflops = 2 * 1024**3 / best(lambda: torch.mm(a, b, out=product)) / 1e9
    source, target = (torch.ones(1 << 23) for _ in range(2))  # 32 MiB each
    copy = 2 * source.numel() * 4 / best(lambda: target.copy_(source)) / 1e9
    return Ceilings(threads, gflops, copy, {name: gather(n) for name, n in TABLES.items()})


def gather(n_rows: int) -> float:
    """GB/s from a table of ``n_rows`` rows of 1 KiB."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, n_rows, (16, GATHERED), dtype=np.int32)
    weights = np.ones((n_rows, ROW), np.float32)
    sums = np.zeros((16, ROW), np.float32)
    seconds = best(lambda: _add_rows(weights, rows, sums))
    return rows.size * ROW * 4 / seconds / 1e9


def best(work: Callable[[], object]) -> float:
    """Seconds of the quickest call within ``SECONDS``, after one that warms up."""
    work()
    quickest, end = np.inf, time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        quickest = min(quickest, time.perf_counter() - start)
    return float(quickest)


@kernel
def _add_rows(weights: Any, rows: Any, sums: Any) -> None:
    """Add the rows that each list names to its row of ``sums``, in place."""
    for one in numba.prange(len(rows)):
        _add_list(weights, rows[one], sums[one])


@noalias_kernel
def _add_list(weights: Any, rows: Any, total: Any) -> None:
    for first in range(0, len(rows), 8):
        a, b, c, d = rows[first], rows[first + 1], rows[first + 2], rows[first + 3]
        e, f, g, h = rows[first + 4], rows[first + 5], rows[first + 6], rows[first + 7]
        for j in range(ROW):
            left = (weights[a, j] + weights[b, j]) + (weights[c, j] + weights[d, j])
            right = (weights[e, j] + weights[f, j]) + (weights[g, j] + weights[h, j])
            total[j] += left + right


def main(arguments: Sequence[str]) -> None:
    """Print a row a number of threads."""
    measured = [measure_ceilings(n) for n in sorted({1, available_cores()})]
    head = ["threads", "matrix product, GFLOP/s", "copy, GB/s"]
    head += [f"gather from {name}, GB/s" for name in TABLES]
    rows = [
        [
            str(m.threads),
            f"{m.gflops:.0f}",
            f"{m.copy:.1f}",
            *(f"{g:.0f}" for g in m.gather.values()),
        ]
        for m in measured
    ]
    publish(
        "ceilings", f"{table(head, rows)}\n\n{cpu_name()}, {available_cores()} cores.", arguments
    )


if __name__ == "__main__":
    main(sys.argv[1:])
