"""How all runs of a campaign go: live on a terminal, a line an event elsewhere; and a journal.

The journal, ``journal.jsonl`` in the campaign's folder, has a line for every start and every end,
so that one can count afterwards what ran where, and how often.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from spikeoff.console import error_console
from spikeoff.errors import UserError, one_line
from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult

JOURNAL = "journal.jsonl"

MAX_SHOWN = 24
"""Runs that a terminal shows at once."""


@dataclass
class _Running:
    job: Job
    began: float
    share: float = 0.0
    line: str = ""


@dataclass(frozen=True)
class Failure:
    """A run that did not come through: its name, why, and the last lines of its log."""

    name: str
    why: str
    log: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


class ProgressDisplay:
    """Hears how runs go, and shows it; a context manager."""

    def __init__(
        self,
        jobs: Sequence[Job],
        workers: int,
        console: Console,
        folder: Path,
        live: Console | None = None,
    ) -> None:
        """Show ``jobs``, so many at once, on ``console`` and the terminal; keep a journal.

        ``live`` takes the place of the terminal.
        """
        self._jobs = {job.number: job for job in jobs}
        self._queued = dict(self._jobs)
        self._workers, self._console = workers, console
        self._journal = folder / JOURNAL
        self._running: dict[int, _Running] = {}
        self._took: list[tuple[str, float]] = []
        self._done = 0
        self.failures: list[Failure] = []
        self.failed: set[int] = set()
        self.stopped: list[RunResult] = []
        self._errors = live or error_console()
        self._live = Live(
            console=self._errors, transient=True, get_renderable=self._picture, refresh_per_second=2
        )

    def __enter__(self) -> ProgressDisplay:
        if self._errors.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def handle(self, event: ProgressEvent | RunResult) -> None:
        """A run says something."""
        if isinstance(event, RunResult):
            self._ended(event)
        elif event.started:
            self._started(event)
        elif event.number in self._running:
            self._goes(event)

    def fail(self, job: Job, why: str, log: tuple[str, ...] = ()) -> None:
        """A run failed, or cannot begin."""
        self._queued.pop(job.number, None)
        self.failed.add(job.number)
        self.failures.append(Failure(job.entry.name, why, log))
        self.say(f"failed: {self.failures[-1]}", "red")

    def skip(self, job: Job, why: str) -> None:
        """A run need not be made."""
        self._queued.pop(job.number, None)
        self._done += 1
        self.say(f"{self._numbered(job)}  {why}")

    def _started(self, event: ProgressEvent) -> None:
        job = self._jobs[event.number]
        again = event.number not in self._queued
        self._queued.pop(event.number, None)
        self._running[event.number] = _Running(job, time.monotonic())
        self._write(job, "start", where=event.started)
        self.say(self._numbered(job) + ("  starts again" if again else ""), "bold")

    def _goes(self, event: ProgressEvent) -> None:
        one = self._running[event.number]
        one.share = event.share
        if event.line:
            one.line = event.line
            if not self._errors.is_terminal:
                text = f"{one.job.entry.name}  {event.line}"
                self._errors.print(text, highlight=False, soft_wrap=True, markup=False)

    def _ended(self, end: RunResult) -> None:
        job = self._jobs[end.number]
        self._queued.pop(end.number, None)
        one = self._running.pop(end.number, None)
        self._write(job, end.kind, where=end.where, text=end.text)
        if end.kind == "stopped":
            self.stopped.append(end)
            return
        if end.kind == "failed":
            self.fail(job, end.text, end.log)
            return
        self._done += 1
        if one is not None:
            self._took.append((job.entry.contender, time.monotonic() - one.began))
        self.say(f"         {job.entry.name}: {end.text}{self._rest()}")

    def _numbered(self, job: Job) -> str:
        return f"run {job.number}/{len(self._jobs)}  {job.entry.name}"

    def _rest(self) -> str:
        """What is left, once more than one run is under way or to come."""
        if not self._queued and not self._running:
            return ""
        return f"  ({self._counts()})"

    def _counts(self) -> str:
        left = self._left()
        parts = [f"{len(self._queued)} queued", f"{len(self._running)} running",
                 f"{self._done} done", f"{len(self.failures)} failed"]  # fmt: skip
        return ", ".join(parts) + (f", left {left}" if left is not None else "")

    def _left(self) -> timedelta | None:
        """Time left: those that ran tell what those to come will take; None while none has."""
        known: dict[str, list[float]] = {}
        for contender, seconds in self._took:
            known.setdefault(contender, []).append(seconds)
        now = time.monotonic()
        for one in self._running.values():
            contender = one.job.entry.contender
            if one.share >= 0.05 and contender not in known:
                known[contender] = [(now - one.began) / one.share]
        if not known:
            return None
        means = {name: sum(values) / len(values) for name, values in known.items()}
        mean = sum(means.values()) / len(means)
        seconds = sum(means.get(job.entry.contender, mean) for job in self._queued.values())
        for one in self._running.values():
            usual = means.get(one.job.entry.contender, mean)
            seconds += max(0.0, usual - (now - one.began))
        return timedelta(seconds=round(seconds / max(1, self._workers)))

    def _picture(self) -> Group:
        table = Table.grid(padding=(0, 2))
        for one in list(self._running.values())[:MAX_SHOWN]:
            table.add_row(
                Text(one.job.entry.name),
                ProgressBar(total=1.0, completed=one.share, width=20),
                str(timedelta(seconds=round(time.monotonic() - one.began))),
                Text(one.line, overflow="ellipsis", no_wrap=True),
            )
        more = len(self._running) - MAX_SHOWN
        rest = [Text(f"and {more} more")] if more > 0 else []
        return Group(table, *rest, Text(self._counts(), style="bold"))

    def say(self, line: str, style: str = "") -> None:
        """On the terminal above the live part; without one, among the program's output."""
        console = self._errors if self._live.is_started else self._console
        console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)

    def _write(self, job: Job, event: str, **more: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, "event": event, "run": job.entry.place, "address": job.address, **more}
        try:
            self._journal.parent.mkdir(parents=True, exist_ok=True)
            with self._journal.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")
        except OSError as error:
            raise UserError(f"{self._journal}: cannot be written: {one_line(error)}") from error
