"""Kernels for all runs of a race.

Where one run takes place at a time, they are compiled before the first one begins, on all cores:
Numba compiles on one core, so that otherwise the others would idle, and if that were done while
another run trains, its times would be wrong. Contenders of one family share kernels, and all share
parts of Numba that it compiles anew in every process. So there are no more processes than cores,
and a family stays together.

Where runs take place side by side, each compiles what it needs, while others train. The first of
every family come first, so that none waits for, or repeats, what another of its family compiles.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from spikeoff.contenders.registry import find
from spikeoff.data import load_dataset
from spikeoff.experiments.campaign.identity import program
from spikeoff.experiments.campaign.job import Job, work
from spikeoff.experiments.campaign.plan import Entry
from spikeoff.experiments.spawning import start_process
from spikeoff.kernels.jit import COMPILES, compiler_state, kernel_folder
from spikeoff.kernels.sources import ROOT, digest
from spikeoff.ledger.environment import available_cores
from spikeoff.run.signals import Interrupted, Signals, forwarded_signals, leave_to_parent

PREPARED = "prepared"
N_TRAIN, N_VALIDATION, N_TEST = 260, 20, 20


def prepare_kernels(jobs: Sequence[Job], workers: int, say: Callable[[str], None]) -> list[Job]:
    """Compile ahead for runs one at a time; for others, the order in which they should begin.

    Args:
        jobs: what will run on this machine.
        workers: at a time.
        say: receives a line, where there is something to compile.

    Raises:
        UserError: the data set cannot be read.
        Interrupted: the process was asked to stop.
    """
    runs = [job.entry for job in jobs]
    if workers == 1:
        compile_ahead(runs, say)
        return list(jobs)
    if _lacking(runs):
        say("the first runs compile their kernels: once; this takes about a minute")
    first = {_source(job.entry).parent: job.number for job in reversed(jobs)}
    return sorted(jobs, key=lambda job: job.number not in first.values())


def note_compiled(runs: Sequence[Entry]) -> None:
    """Remember that such runs have compiled what they need."""
    for stamp in _lacking(runs):
        _keep(stamp)


def _lacking(runs: Iterable[Entry]) -> dict[Path, Entry]:
    """Runs of contenders whose kernels were not compiled yet, by what is to be there then."""
    if not COMPILES:
        return {}
    stamps = {_stamp(one): one for one in runs if _is_ours(one)}
    return {stamp: one for stamp, one in stamps.items() if not stamp.exists()}


def compile_ahead(runs: Sequence[Entry], say: Callable[[str], None]) -> None:
    """Compile the kernels of all contenders, where at least two lack theirs and cores are free.

    Each contender trains on a few images, in a scratch folder. Whether that comes through is of no
    account: what is missing, the run itself compiles.

    Args:
        runs: what will run on this machine.
        say: receives a line, where there is something to compile.

    Raises:
        UserError: the data set cannot be read.
        Interrupted: the process was asked to stop.
    """
    cores = min(available_cores(), 8)
    lacking = _lacking(runs)
    if cores < 2 or len(lacking) < 2:
        return
    names = ", ".join(one.label for one in lacking.values())
    say(f"compiling the kernels of {names}: once; this takes about a minute")
    with tempfile.TemporaryDirectory(prefix="spikeoff-") as scratch:
        _train_side_by_side(_shared_out(_jobs(lacking.values(), Path(scratch)), cores))
    for stamp in lacking:
        _keep(stamp)


def _shared_out(jobs: Iterable[Job], cores: int) -> list[list[Job]]:
    """The jobs of each process: whole families, the largest first to the process with least."""
    families: dict[Path, list[Job]] = {}
    for job in jobs:
        families.setdefault(_source(job.entry).parent, []).append(job)
    shares: list[list[Job]] = [[] for _ in range(min(cores, len(families)))]
    for family in sorted(families.values(), key=len, reverse=True):
        min(shares, key=len).extend(family)
    return shares


def _train_side_by_side(shares: Sequence[list[Job]]) -> None:
    processes: list[BaseProcess] = []
    with forwarded_signals() as signals:
        try:
            for share in shares:
                processes.append(start_process(train_in_turn, (share,)))
            for process in processes:
                process.join()
        finally:
            for process in processes:
                process.kill()
    if signals.received is not None:
        raise Interrupted(signals.received)


def train_in_turn(jobs: Sequence[Job]) -> None:
    """Make the runs in this process, one after another, until one is stopped."""
    leave_to_parent()
    with contextlib.suppress(Interrupted), Signals():
        for job in jobs:
            if work(job, lambda _: None).kind == "stopped":
                return


def _is_ours(run: Entry) -> bool:
    """Whether the run is on the CPU and by a contender of this package: others may have effects."""
    return ROOT in _source(run).parents and run.config.device in ("auto", "cpu")


def _source(run: Entry) -> Path:
    return Path(inspect.getfile(find(run.contender)))


def _stamp(run: Entry) -> Path:
    """An empty file that is there once the contender has compiled on such a machine."""
    state = f"{run.label} {run.config.strict} {compiler_state()} {digest(_source(run))}"
    return kernel_folder() / PREPARED / hashlib.sha256(state.encode()).hexdigest()[:16]


def _keep(stamp: Path) -> None:
    try:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
    except OSError:
        pass  # nothing can be kept here, kernels neither


def _jobs(runs: Iterable[Entry], scratch: Path) -> list[Job]:
    """The runs, on the first images of their data set."""
    jobs = []
    for number, run in enumerate(runs, 1):
        config = replace(
            run.config, mnist_path=str(_few_images(run.config.mnist_path, scratch)), n_train=None,
            n_validation=N_VALIDATION, epochs=1, timing_seconds=0.0, energy_seconds=0.0,
            num_threads=1,
        )  # fmt: skip
        entry = Entry(run.contender, config, f"{number}")
        jobs.append(Job(number, entry, "", str(scratch), str(scratch), program(), threads=1))
    return jobs


def _few_images(mnist_path: str, scratch: Path) -> Path:
    path = scratch / f"{hashlib.sha256(mnist_path.encode()).hexdigest()[:8]}.npz"
    if not path.exists():
        data = load_dataset(mnist_path)
        train, test = data.train.take(slice(N_TRAIN)), data.test.take(slice(N_TEST))
        np.savez(path, x_train=train.pixels, y_train=train.labels,
                 x_test=test.pixels, y_test=test.labels)  # fmt: skip
    return path
