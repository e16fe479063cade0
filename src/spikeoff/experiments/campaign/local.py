"""Runs in processes of this machine, each with memory, caches and threads of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult, work
from spikeoff.experiments.spawning import start_process
from spikeoff.ledger.environment import THREADS_VARIABLE, default_threads
from spikeoff.run.signals import (
    Interrupted,
    ReceivedSignal,
    Signals,
    forwarded_signals,
    leave_to_parent,
)

LOOK_EVERY_S = 1.0


class LocalExecutor:
    """So many processes at a time."""

    elsewhere = False

    def __init__(self, workers: int = 1) -> None:
        """Run ``workers`` at a time; with more than one, each has its share of the cores."""
        self.workers = workers
        self.threads = None if workers == 1 else max(1, default_threads() // workers)

    def run(self, jobs: Sequence[Job], report: Callable[[ProgressEvent | RunResult], None]) -> None:
        """Make all runs; ``report`` receives their events.

        Raises:
            Interrupted: the process was asked to stop; every run was too, and has.
        """
        with forwarded_signals() as signals:
            self._run(jobs, report, signals)
        if signals.received is not None:
            raise Interrupted(signals.received)

    def _run(
        self,
        jobs: Sequence[Job],
        report: Callable[[ProgressEvent | RunResult], None],
        signals: ReceivedSignal,
    ) -> None:
        waiting = deque(jobs)
        running: dict[Any, _Child] = {}
        try:
            while running or (waiting and signals.received is None):
                while waiting and len(running) < self.workers and signals.received is None:
                    child = _Child(waiting.popleft())
                    running[child.end] = child
                for end in wait([*running], LOOK_EVERY_S):
                    event = running[end].receive()
                    if event is not None:
                        report(event)
                    if event is None or isinstance(event, RunResult):
                        gone = running.pop(end)
                        if (last := gone.close(event)) is not None:
                            report(last)
        finally:
            for child in running.values():
                child.process.kill()


class _Child:
    """A process with one run."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.end, theirs = multiprocessing.Pipe(duplex=False)
        with _threads(job):
            self.process = start_process(_child, (job, theirs))
        theirs.close()

    def receive(self) -> ProgressEvent | RunResult | None:
        """What it says; None where it is gone."""
        try:
            event: ProgressEvent | RunResult = self.end.recv()
        except (EOFError, OSError):
            return None
        return event

    def close(self, event: ProgressEvent | RunResult | None) -> RunResult | None:
        """Wait for its end; a process that ended without a word has failed."""
        self.end.close()
        self.process.join()
        if event is not None:
            return None
        code = self.process.exitcode or 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        if -code == signal.SIGTERM:
            return RunResult(self.job.number, "stopped", signum=-code)
        hint = "; memory may have run out" if -code == signal.SIGKILL else ""
        return RunResult(self.job.number, "failed", f"its process {how}{hint}")


def _child(job: Job, end: Connection) -> None:
    """Make the run; a stop at any moment ends this process in order, and not by the signal.

    Otherwise a lock of Numba's would stay, and Python would warn of it when the campaign ends.
    """
    leave_to_parent()
    try:
        with Signals():
            result = work(job, _reporter(end))
    except Interrupted as stop:
        result = RunResult(job.number, "stopped", signum=stop.signum)
    with contextlib.suppress(BrokenPipeError):
        end.send(result)


def _reporter(end: Connection) -> Callable[[ProgressEvent], None]:
    def report(event: ProgressEvent) -> None:
        with contextlib.suppress(BrokenPipeError):  # the campaign is gone: the run stops by itself
            end.send(event)

    return report


@contextlib.contextmanager
def _threads(job: Job) -> Iterator[None]:
    """Let a process that is started within use as many threads as its run may.

    The variable bounds those of libraries that no setting reaches, such as scikit-learn's.
    """
    if job.entry.config.num_threads is None or THREADS_VARIABLE in os.environ:
        yield
        return
    os.environ[THREADS_VARIABLE] = str(job.threads)
    try:
        yield
    finally:
        del os.environ[THREADS_VARIABLE]
