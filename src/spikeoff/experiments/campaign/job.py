"""One run of a campaign, in whatever process it was given to."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from spikeoff.contenders.registry import find
from spikeoff.errors import UserError, one_line
from spikeoff.experiments.campaign.identity import program
from spikeoff.experiments.campaign.plan import Entry
from spikeoff.experiments.campaign.storage import RemoteStorage, Storage, open_storage, scratch
from spikeoff.experiments.campaign.store import Store
from spikeoff.experiments.training import resume, train
from spikeoff.ledger.environment import side_by_side
from spikeoff.run.folder import CONFIG, SUMMARY, wait_until_free
from spikeoff.run.run_record import RunRecord
from spikeoff.run.signals import Interrupted

LOG_LINES, LOG_BYTES = 5, 1 << 14


@dataclass(frozen=True)
class Job:
    """A run to be made.

    number: within the campaign, from 1.
    entry: what runs.
    address: of the run.
    output: path or URL of the campaign's folder.
    store: path or URL of the notes of finished runs.
    program: the hash of this package where the campaign was started.
    threads: CPU threads that it takes.
    gpus: GPUs that it takes.
    memory: bytes that it takes about; None: not known.
    patience_s: how long to wait for another process to leave the run's folder.
    report_every_s: how often it tells how far it is.
    at_a_time: runs of the campaign at a time, itself among them.
    """

    number: int
    entry: Entry
    address: str
    output: str
    store: str
    program: str
    threads: int
    gpus: int = 0
    memory: int | None = None
    patience_s: float = 0.0
    report_every_s: float = 0.5
    at_a_time: int = 1


@dataclass(frozen=True)
class ProgressEvent:
    """How a run goes: it started somewhere, or is so far, or has a line to say."""

    number: int
    share: float = 0.0
    line: str = ""
    started: str = ""


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    number: of its job.
    kind: whether it came through; a stopped one can go on.
    text: the accuracy, or what failed.
    log: the last lines of the log of one that failed.
    signum: by which signal it was stopped.
    where: the process that it ended in, where it can say.
    """

    number: int
    kind: Literal["finished", "failed", "stopped"]
    text: str = ""
    log: tuple[str, ...] = ()
    signum: int = 0
    where: str = ""


Report = Callable[[ProgressEvent], None]


def work(job: Job, report: Report, where: str = "") -> RunResult:
    """Make the run, or go on with it, in this process; ``where`` tells which part of a cluster."""
    here = f"{where or platform.node()} pid {os.getpid()}"
    report(ProgressEvent(job.number, started=here))
    return replace(_end(job, report, here), where=here)


def _end(job: Job, report: Report, here: str) -> RunResult:
    try:
        if program() != job.program:
            raise UserError(
                f"{here} has another version of spikeoff than the campaign was started "
                "with; install the same on all machines"
            )
        with side_by_side(job.at_a_time):
            return _work(job, report)
    except KeyboardInterrupt as stop:
        signum = stop.signum if isinstance(stop, Interrupted) else int(signal.SIGINT)
        return RunResult(job.number, "stopped", signum=signum)
    except UserError as error:
        return RunResult(job.number, "failed", one_line(error, 400))


def outcome(record: RunRecord) -> str:
    """A finished run in a few words."""
    accuracy, time_s = record.summary["accuracy"]["test"], record.summary["time"]["train_s"]
    return f"test accuracy {100 * accuracy:.2f} %, trained in {time_s:.1f} s"


def _work(job: Job, report: Report) -> RunResult:
    storage = open_storage(job.output)
    with _folder(job, storage) as folder:
        listener = _RunListener(job, report, storage)
        try:
            record = _run(job, folder, listener)
            if isinstance(storage, RemoteStorage):
                storage.send(folder, job.entry.place)
        except Interrupted:
            with contextlib.suppress(UserError):
                listener.resumable(folder)
            raise
        except Exception as error:  # a contender of anyone's fails in any way
            known = isinstance(error, UserError)
            text = one_line(error, 400)
            if not known:
                text = f"{type(error).__name__}: {one_line(error)}; see the log in {folder}"
            with contextlib.suppress(UserError):
                listener.resumable(folder)
            return RunResult(job.number, "failed", text, _last_lines(job, folder))
        Store(open_storage(job.store)).add(job.address, storage, job.entry.place)
        return RunResult(job.number, "finished", outcome(record))


@contextlib.contextmanager
def _folder(job: Job, storage: Storage) -> Iterator[Path]:
    """The run's folder, or for an object store a scratch one with what is there already."""
    if isinstance(storage, RemoteStorage):
        with scratch() as within:
            folder = within / "run"
            storage.fetch(job.entry.place, folder)
            yield folder
    else:
        yield Path(job.output) / job.entry.place


def _run(job: Job, folder: Path, listener: _RunListener) -> RunRecord:
    if job.patience_s:
        wait_until_free(folder, job.patience_s)
    if (folder / CONFIG).is_file() or (folder / SUMMARY).is_file():
        paths = {"mnist_path": job.entry.config.mnist_path}  # it may have been moved
        return resume(folder, paths=paths, listener=listener)
    config = replace(job.entry.config, save_path=folder)
    return train(job.entry.contender, config, listener=listener)


class _RunListener:
    """Tells the campaign how its run goes, and keeps in an object store what it can go on from."""

    def __init__(self, job: Job, report: Report, storage: Storage) -> None:
        self._job, self._report, self._storage, self._then = job, report, storage, 0.0

    def progressed(self, share: float, line: str = "") -> None:
        if line or time.monotonic() - self._then >= self._job.report_every_s:
            self._then = time.monotonic()
            self._report(ProgressEvent(self._job.number, share, line))

    def resumable(self, folder: Path) -> None:
        if isinstance(self._storage, RemoteStorage) and folder.is_dir():
            self._storage.send(folder, self._job.entry.place)


def _last_lines(job: Job, folder: Path) -> tuple[str, ...]:
    try:
        path = folder / find(job.entry.contender).outputs.log
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - LOG_BYTES))
            lines = stream.read().decode(errors="replace").splitlines()
    except (OSError, UserError):
        return ()
    return tuple(lines[-LOG_LINES:])
