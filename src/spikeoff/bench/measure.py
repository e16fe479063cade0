"""How a benchmark measures and what it tells: medians of one run on one machine, and ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from spikeoff.ledger.environment import available_cores, cpu_name


@dataclass(frozen=True)
class Measurement:
    """How long an engine took over one unit of work.

    engine, how: who worked, and in what way.
    seconds: a unit each, repeat by repeat.
    note: what a reader must know to judge it.
    """

    engine: str
    how: str
    seconds: Sequence[float]
    note: str = ""

    @property
    def median(self) -> float:
        """Median seconds a unit."""
        return statistics.median(self.seconds)


def timed(work: Callable[[], object], units: int, repeats: int) -> list[float]:
    """Seconds a unit of ``repeats`` calls that do ``units`` each; call once before to warm up."""
    result = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        result.append((time.perf_counter() - start) / units)
    return result


def tell(
    title: str, unit: str, measured: Sequence[Measurement], conditions: str, console: Console
) -> None:
    """Print a row a measurement, with the ratio to the first, and the conditions."""
    table = Table(title=title)
    for column in ("Engine", "How"):
        table.add_column(column)
    for column in (f"ms/{unit}", "Range", "Times the first"):
        table.add_column(column, justify="right")
    table.add_column("Note")
    first = measured[0].median
    for one in measured:
        low, high = 1000 * min(one.seconds), 1000 * max(one.seconds)
        table.add_row(
            one.engine, one.how, f"{1000 * one.median:.3g}", f"{low:.3g} - {high:.3g}",
            f"{one.median / first:.3g}", one.note,
        )  # fmt: skip
    console.print(table)
    console.print(
        f"{conditions}; {cpu_name()}, {available_cores()} cores; medians of one run",
        highlight=False,
    )
