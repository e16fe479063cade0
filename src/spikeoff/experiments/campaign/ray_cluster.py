"""Runs as tasks of a Ray cluster, whose nodes may be lost on the way.

Each run asks for its CPUs, its GPU and about the memory that it needs, and has a process of its
own. Where that is lost with its node, Ray gives the run to another, and there it goes on from the
last checkpoint in the campaign's folder, which all nodes see.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from spikeoff.errors import UserError, one_line
from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult, work
from spikeoff.run.signals import Interrupted, stop_signals_to

LOOK_EVERY_S = 0.3

RETRIES = 10
"""Lost nodes, or killed processes, that a run survives."""

PATIENCE_S = 60.0
"""How long a run waits for the process that had it before, on a node that is thought lost."""

MAX_REPORTS_PER_SECOND = 500
"""Of all runs together; the more run, the less often each tells how far it is."""

REACH_S = 10.0
"""How long a cluster may take to answer."""

MAILBOX_TIMEOUT_S = 10.0
"""How long to wait for what runs tell; it is only shown."""

WORDS = ("auto", "local")
"""What Ray takes for an address that is none."""

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


class RayExecutor:
    """The nodes of a Ray cluster, or this machine as one."""

    elsewhere = True
    threads: int | None = 1

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        """Run on the cluster at ``address``, so many runs at a time or as many as fit.

        Raises:
            UserError: Ray is not installed.
        """
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        try:
            import ray  # noqa: PLC0415 (an extra, and slow to import)
        except ImportError as error:
            raise UserError("--executor ray needs pip install 'spikeoff[cluster]'") from error
        self._ray: Any = ray
        self._address, self._most = address, workers
        self.workers = workers or 1

    def run(self, jobs: Sequence[Job], report: Callable[[ProgressEvent | RunResult], None]) -> None:
        """Make all runs; ``report`` receives their events.

        Raises:
            UserError: the cluster cannot be reached.
            Interrupted: the process was asked to stop; every run was too, and has.
        """
        if not jobs:
            return
        with self._connected(), _stop_signals() as signals:
            self.workers = self._most or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
            every = max(LOOK_EVERY_S, min(self.workers, len(jobs)) / MAX_REPORTS_PER_SECOND)
            asked = [replace(job, patience_s=PATIENCE_S, report_every_s=every) for job in jobs]
            _Tasks(self._ray, asked, self._most, report, signals).run()
        if signals:
            raise Interrupted(signals[0])

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """The cluster at the address, or one that is this process's own."""
        if self._ray.is_initialized():
            yield
            return
        address = self._address or os.environ.get("RAY_ADDRESS")
        if address:
            self._check_reachable(address)
        own: dict[str, Any] = (
            {"include_dashboard": False, "_node_ip_address": "127.0.0.1"} if not address else {}
        )
        try:
            self._ray.init(
                address=address, log_to_driver=False, logging_level=logging.ERROR,
                configure_logging=False, **own,
            )  # fmt: skip
        except Exception as error:
            raise UserError(
                f"the Ray cluster {address or 'of this machine'} cannot be reached: "
                f"{one_line(error)}"
            ) from error
        try:
            yield
        finally:
            self._ray.shutdown()

    def _check_reachable(self, address: str) -> None:
        """Refuse an address where nobody answers; Ray itself would try for minutes.

        Raises:
            UserError: nobody does.
        """
        host, _, port = address.rpartition(":")
        if address in WORDS or not port.isdigit():
            return
        if host in ("127.0.0.1", "localhost"):  # by which Ray means this machine's address
            host = self._ray.util.get_node_ip_address()
        try:
            socket.create_connection((host, int(port)), timeout=REACH_S).close()
        except (OSError, OverflowError) as error:
            raise UserError(
                f"`address` (={address}) is no Ray cluster in reach ({one_line(error)}); "
                "start one with ray start --head"
            ) from error


class _Tasks:
    """The tasks of a campaign, from the first that is given out to the last that ends."""

    def __init__(
        self,
        ray: Any,
        jobs: Sequence[Job],
        most: int | None,
        report: Callable[[ProgressEvent | RunResult], None],
        signals: list[int],
    ) -> None:
        self._ray, self._report, self._signals = ray, report, signals
        self._waiting, self._most = list(reversed(jobs)), most or len(jobs)
        self._given: dict[Any, Job] = {}
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=True
        )
        mailbox = ray.remote(_Mailbox).options(
            num_cpus=0, max_restarts=-1, scheduling_strategy=here
        )
        self._mailbox = mailbox.remote()
        self._task = ray.remote(max_calls=1)(_task)  # each run has a process of its own
        self._asked = 0
        self._asked_for: Any = None

    def run(self) -> None:
        """Give out tasks, and hear them, until all have ended or have been stopped."""
        while self._given or (self._waiting and not self._signals):
            while self._waiting and len(self._given) < self._most and not self._signals:
                job = self._waiting.pop()
                self._given[self._give(job)] = job
            ended, _ = self._ray.wait(
                list(self._given), num_returns=len(self._given), timeout=LOOK_EVERY_S
            )
            self._listen()
            for task in ended:
                self._report(self._end(task, self._given.pop(task)))
            if len(self._signals) > self._asked:
                self._asked = len(self._signals)
                for task in self._given:
                    self._ray.cancel(task, force=self._asked > 1)

    def _give(self, job: Job) -> Any:
        """Give out a task with what it needs."""
        needs: dict[str, Any] = {"num_cpus": job.threads, "num_gpus": job.gpus}
        if job.memory is not None:
            needs["memory"] = job.memory
        options = self._task.options(
            **needs, max_retries=RETRIES, retry_exceptions=False, name=job.entry.name
        )
        return options.remote(job, self._mailbox)

    def _listen(self) -> None:
        """Hear what was told; where that is lost, with a node, no run is."""
        self._asked_for = self._asked_for or self._mailbox.take.remote()
        come, _ = self._ray.wait([self._asked_for], timeout=MAILBOX_TIMEOUT_S)
        if not come:
            return
        events, self._asked_for = self._asked_for, None
        with contextlib.suppress(self._ray.exceptions.RayError):
            for event in self._ray.get(events):
                self._report(event)

    def _end(self, task: Any, job: Job) -> RunResult:
        try:
            end: RunResult = self._ray.get(task)
        except self._ray.exceptions.TaskCancelledError:
            return RunResult(job.number, "stopped", signum=self._signals[0] if self._signals else 0)
        except self._ray.exceptions.RayError as error:
            return RunResult(
                job.number, "failed", f"{type(error).__name__}: {one_line(error, 300)}"
            )
        return end


class _Mailbox:
    """Keeps what tasks say until the campaign asks for it."""

    def __init__(self) -> None:
        self._events: list[ProgressEvent] = []

    def put(self, event: ProgressEvent) -> None:
        """A run says something."""
        self._events.append(event)

    def take(self) -> list[ProgressEvent]:
        """What was said since the last time."""
        events, self._events = self._events, []
        return events


def _task(job: Job, mailbox: Any) -> RunResult:
    import ray  # noqa: PLC0415

    if not job.gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # what a run did not ask for is another's
    node = ray.get_runtime_context().get_node_id()[:8]
    return work(job, mailbox.put.remote, f"node {node}")


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """The signals that arrive within and ask the process to stop."""
    received: list[int] = []
    with stop_signals_to(lambda signum, _: received.append(signum)):
        yield received
