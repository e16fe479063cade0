"""How a benchmark measures and what it reports: medians of one run on one machine, and ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from spikeoff.errors import UserError
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


@dataclass(frozen=True)
class Entry:
    """Someone whose work is measured in turns with others'.

    engine, how, note: as in ``Measurement``.
    prepare: takes the number of a turn, does what is not measured, and returns what is.
    """

    engine: str
    how: str
    prepare: Callable[[int], Callable[[], object]]
    note: str = ""


def timed(work: Callable[[], object], units: int, repeats: int) -> list[float]:
    """Seconds a unit of ``repeats`` calls that do ``units`` each; call once before to warm up."""
    result = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        result.append((time.perf_counter() - start) / units)
    return result


def in_turns(entries: Sequence[Entry], units: int, turns: int) -> list[Measurement]:
    """Measure all, turn by turn, so that a machine that slows down slows all of them.

    Turn 0 warms up and is not counted.

    Args:
        entries: who works.
        units: of work in a turn.
        turns: that count.
    """
    seconds: list[list[float]] = [[] for _ in entries]
    for turn in range(turns + 1):
        for number, entry in enumerate(entries):
            taken = timed(entry.prepare(turn), units, 1)
            if turn:
                seconds[number] += taken
    return [
        Measurement(entry.engine, entry.how, taken, entry.note)
        for entry, taken in zip(entries, seconds, strict=True)
    ]


def choose_peers(contender: str, against: Sequence[str], peers: Sequence[str]) -> list[str]:
    """The peers asked for, each once.

    Raises:
        UserError: one of them is no peer of this contender.
    """
    for name in against:
        if name not in peers:
            raise UserError(
                f"`against` (={name}) is no peer of {contender}; choose from: {', '.join(peers)}"
            )
    return list(dict.fromkeys(against))


def print_table(
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
