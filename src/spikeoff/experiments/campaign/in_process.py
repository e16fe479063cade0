"""Runs one after another in the process that asks for them.

For notebooks and scripts: no module is imported a second time, and nothing needs a file. What runs
share then is the process: its peak memory, and what earlier runs have left in its caches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult, work
from spikeoff.run.signals import Interrupted


class InProcessExecutor:
    """One run at a time, here."""

    elsewhere = False
    workers = 1
    threads: int | None = None

    def run(self, jobs: Sequence[Job], report: Callable[[ProgressEvent | RunResult], None]) -> None:
        """Make all runs; ``report`` receives their events.

        Raises:
            Interrupted: a run was asked to stop; those behind it have not begun.
        """
        for job in jobs:
            end = work(job, report)
            report(end)
            if end.kind == "stopped":
                raise Interrupted(end.signum)
