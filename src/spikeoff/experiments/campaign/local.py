"""Runs in processes of this machine, each with memory, caches and threads of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult, work
from spikeoff.ledger.environment import available_cores
from spikeoff.run.signals import Interrupted, ReceivedSignal, forwarded_signals, leave_to_parent

LOOK_EVERY_S = 1.0

THREADS_VARIABLE = "OMP_NUM_THREADS"
"""Bounds the threads of libraries that no setting reaches, such as scikit-learn's."""


class LocalExecutor:
    """So many processes at a time."""

    elsewhere = False

    def __init__(self, workers: int = 1) -> None:
        """Run ``workers`` at a time; with more than one, each has its share of the cores."""
        self.workers = workers
        self.threads = None if workers == 1 else max(1, available_cores() // workers)

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
        context = multiprocessing.get_context("spawn")
        self.job = job
        self.end, theirs = context.Pipe(duplex=False)
        self.process: BaseProcess = context.Process(target=_child, args=(job, theirs))
        with _threads(job), _without_main():
            self.process.start()
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
    leave_to_parent()
    with contextlib.suppress(BrokenPipeError):
        end.send(work(job, _reporter(end)))


def _reporter(end: Connection) -> Callable[[ProgressEvent], None]:
    def report(event: ProgressEvent) -> None:
        with contextlib.suppress(BrokenPipeError):  # the campaign is gone: the run stops by itself
            end.send(event)

    return report


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Let a process that is started within not import the caller's program a second time.

    It needs nothing of it. A notebook or standard input could not be imported, and a script without
    a ``__main__`` guard would do everything again.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _threads(job: Job) -> Iterator[None]:
    """Let a process that is started within use as many threads as its run may."""
    if job.entry.config.num_threads is None or THREADS_VARIABLE in os.environ:
        yield
        return
    os.environ[THREADS_VARIABLE] = str(job.threads)
    try:
        yield
    finally:
        del os.environ[THREADS_VARIABLE]
