"""A whole campaign: what is to be run, runs, and the comparison of what came through."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from rich.console import Console

from spikeoff.contenders.effects import Effect, effects
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.hardware import choose_device
from spikeoff.contenders.presets import fitting
from spikeoff.contenders.registry import find
from spikeoff.data import EMBEDDED, load_dataset, split
from spikeoff.data.openml import OPENML_NAMES
from spikeoff.errors import UserError, one_line
from spikeoff.experiments.campaign.compiling import note_compiled, prepare_kernels
from spikeoff.experiments.campaign.identity import address, program, settings
from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult
from spikeoff.experiments.campaign.local import LocalExecutor
from spikeoff.experiments.campaign.plan import RACE, Entry, is_race, write_race
from spikeoff.experiments.campaign.progress_display import JOURNAL, Failure, ProgressDisplay
from spikeoff.experiments.campaign.storage import (
    LocalStorage,
    RemoteStorage,
    Storage,
    open_storage,
    scratch,
)
from spikeoff.experiments.campaign.store import Store
from spikeoff.files import TEMPORARY, write_bytes
from spikeoff.ledger.environment import default_threads
from spikeoff.ledger.operation_energy import EnergyTable, load_table
from spikeoff.report.answer import answer
from spikeoff.report.energy_table import energy_table as energy_table_of
from spikeoff.report.equal_accuracy import equal_accuracy, sentences
from spikeoff.report.groups import check_one_race, group
from spikeoff.report.model_ratios import model_ratios
from spikeoff.report.model_table import terminal_matrix
from spikeoff.report.page import TABLE, write_comparison
from spikeoff.report.pairing import pairings, why_unpaired
from spikeoff.report.race_table import standings, terminal_table, write_csv
from spikeoff.report.time_table import time_table
from spikeoff.report.verdict import say, verdicts
from spikeoff.run.folder import CONFIG, SUMMARY
from spikeoff.run.run_record import RunRecord, read_config, read_run
from spikeoff.run.signals import Interrupted

MOST_COMPARED = 60
"""Configurations that a page compares: it shows each, and holds every two to each other."""


class Executor(Protocol):
    """Where runs take place."""

    workers: int
    """Runs at a time, about."""
    threads: int | None
    """CPU threads of a run that names none; None: the default."""
    elsewhere: bool
    """Whether runs take place in other folders, perhaps on other machines."""

    def run(self, jobs: Sequence[Job], report: Callable[[ProgressEvent | RunResult], None]) -> None:
        """Make all runs; ``report`` receives their events."""


@dataclass(frozen=True)
class Output:
    """A campaign's folder.

    storage: where it is.
    root: the folder itself, or for an object store a scratch folder with what was written here.
    shown: how the user calls it.
    """

    storage: Storage
    root: Path
    shown: str

    def send(self, paths: Sequence[Path]) -> None:
        """Bring files from ``root`` to where the campaign is."""
        if isinstance(self.storage, RemoteStorage):
            for path in paths:
                self.storage.write(path.relative_to(self.root).as_posix(), path.read_bytes())


@contextlib.contextmanager
def open_output(where: str) -> Iterator[Output]:
    """The campaign's folder at a path or URL; nothing is written yet.

    Raises:
        UserError: it cannot be opened.
    """
    storage = open_storage(where)
    if isinstance(storage, LocalStorage):
        yield Output(storage, storage.path, str(storage.path))
        return
    if where.startswith("memory://"):
        raise UserError(f"{where}: is gone with the process; name a folder or an object store")
    with scratch() as root:
        plan = storage.read(RACE)
        if plan is not None:
            (root / RACE).write_bytes(plan)
        journal = storage.read(JOURNAL)
        if journal is not None:
            (root / JOURNAL).write_bytes(journal)
        yield Output(storage, root, storage.where)


def race(
    runs: Sequence[Entry],
    output: Output,
    console: Console,
    energy_table: Path | None = None,
    *,
    resumed: bool = False,
    executor: Executor | None = None,
    store: str | None = None,
    again: str | None = None,
) -> list[str]:
    """Make all runs that have not been made yet, then write the comparison into ``output``.

    Each run has a process of its own, so that its memory and its caches are its own, and a failed
    one stops no other.

    Args:
        runs: what runs, in this order.
        output: folder of the campaign.
        console: where progress and the table go.
        energy_table: TOML file with what operations cost; 45 nm CMOS without one.
        resumed: runs in the folder are this campaign's: finished ones are read, stopped ones go on.
        executor: where they run; one after another on this machine without one.
        store: path or URL where finished runs are noted, and sought; the campaign's folder without.
        again: the command that continues the campaign if it is stopped.

    Returns:
        The failures, a line each.

    Raises:
        UserError: no run came through.
        Interrupted: the campaign was asked to stop.
    """
    made = make_runs(
        runs, output, console, energy_table,
        resumed=resumed, executor=executor, store=store, again=again,
    )  # fmt: skip
    for failure in made.failures:
        if failure.log:
            console.print(f"[red]last lines of the log of {failure.name}:[/red]", highlight=False)
            for line in failure.log:
                console.print(f"    {line}", highlight=False, markup=False, soft_wrap=True)
    made.check()
    output.send(_show_results(made.records, output, console, load_table(energy_table)))
    return [str(failure) for failure in made.failures]


@dataclass(frozen=True)
class MadeRuns:
    """The runs of a campaign that came through, and the failures of the others."""

    records: list[RunRecord]
    failures: list[Failure]

    def check(self) -> None:
        """Refuse to go on without any run.

        Raises:
            UserError: none came through.
        """
        if not self.records:
            raise UserError(f"no run came through; the first failure: {self.failures[0]}")


def make_runs(
    runs: Sequence[Entry],
    output: Output,
    console: Console,
    energy_table: Path | None = None,
    *,
    resumed: bool = False,
    executor: Executor | None = None,
    store: str | None = None,
    again: str | None = None,
    live: Console | None = None,
) -> MadeRuns:
    """Make all runs that have not been made yet; arguments as in ``race``.

    ``live`` is where progress goes while runs are under way, standard error by default.

    Raises:
        UserError: the data, the energy table or the folder breaks a rule.
        Interrupted: the campaign was asked to stop.
    """
    data = _look_at_data(runs)
    runs = [
        replace(one, config=fitting(one.config, data[one.config.mnist_path].n_train))
        for one in runs
    ]
    load_table(energy_table)
    executor = executor or LocalExecutor()
    if not resumed and is_race(output.root):
        raise UserError(
            f"{output.shown}: holds a race already; go on with spikeoff compare --resume "
            f"{output.shown}, or name another folder"
        )
    notes = output.shown if store is None else store
    at_a_time = min(executor.workers, len(runs))
    jobs = [
        _job(n, entry, output, notes, data, executor, at_a_time) for n, entry in enumerate(runs, 1)
    ]
    write_race(runs, output.root, energy_table)
    output.send([output.root / RACE])
    with ProgressDisplay(jobs, executor.workers, console, output.root, live) as display:
        records = _run_all(jobs, output, executor, display, resumed=resumed, again=again)
    return MadeRuns(records, display.failures)


def show(
    records: Sequence[RunRecord], output: Path, console: Console, energy_table: EnergyTable
) -> list[Path]:
    """Print the table and the verdicts, and write the comparison; returns the files' paths.

    Raises:
        UserError: the runs cannot be compared.
    """
    check_one_race(records)
    ordered = sorted(records, key=lambda record: (record.label, record.seed))
    console.print(terminal_table(ordered))
    console.print(time_table(ordered))
    console.print(energy_table_of(ordered, energy_table))
    groups = group(ordered)
    pairs = model_ratios(groups, energy_table)
    shown = terminal_matrix(pairs)
    if shown is not None:
        console.print(shown)
    found = verdicts(groups, energy_table)
    fronts = equal_accuracy(ordered, energy_table)
    said = answer(standings(ordered), pairs, found, groups, fronts)
    console.print(said.headline, highlight=False)
    for verdict in found:
        console.print(say(verdict, energy_table), highlight=False)
    for name, pair in pairings(groups).items():
        if pair is None:
            console.print(why_unpaired(groups, name), highlight=False)
    for sentence in () if fronts is None else sentences(fronts):
        console.print(sentence, highlight=False)
    paths = write_comparison(ordered, output, energy_table)
    for path in paths:
        console.print(str(path), highlight=False, soft_wrap=True)
    return paths


def _show_results(
    records: Sequence[RunRecord], output: Output, console: Console, table: EnergyTable
) -> list[Path]:
    """Show what came through; of runs on different images, or very many, only the table."""
    try:
        check_one_race(records)
        n = len(group(records))
        if n > MOST_COMPARED:
            raise UserError(f"it compares every two, up to {MOST_COMPARED} configurations, not {n}")
    except UserError as error:
        ordered = sorted(records, key=lambda record: (record.label, record.seed))
        console.print(terminal_table(ordered))
        path = output.root / TABLE
        write_csv(ordered, table, path)
        console.print(f"{path}; no page: {error}", highlight=False, markup=False, soft_wrap=True)
        return [path]
    return show(records, output.root, console, table)


@dataclass(frozen=True)
class _Data:
    """A data set's fingerprint, and its training images."""

    sha256: str
    n_train: int


def _look_at_data(runs: Sequence[Entry]) -> dict[str, _Data]:
    """The data of all runs; a mistake about it shows at once, before anything runs."""
    found: dict[str, _Data] = {}
    splits = {(e.config.mnist_path, e.config.n_validation, e.config.n_train): e for e in runs}
    for path in dict.fromkeys(path for path, _, _ in splits):
        dataset = load_dataset(path)
        found[path] = _Data(dataset.sha256(), len(dataset.train))
        for (of, n_validation, _), entry in splits.items():
            if of == path:
                config = fitting(entry.config, len(dataset.train))
                split(dataset, seed=config.seed, n_validation=n_validation, n_train=config.n_train)
    return found


def _job(
    number: int,
    entry: Entry,
    output: Output,
    store: str,
    data: dict[str, _Data],
    executor: Executor,
    at_a_time: int = 1,
) -> Job:
    config, images = entry.config, data[entry.config.mnist_path]
    device = "cpu" if executor.elsewhere else choose_device("auto")
    where = output.shown
    found = address(entry.contender, config, images.sha256, device)
    if executor.elsewhere:  # other processes start in other folders
        where, store = output.storage.where, open_storage(store).where
        entry = replace(entry, config=config.moved(Path.cwd()))
    n_images = config.n_train or images.n_train - (config.n_validation or 0)
    return Job(
        number, entry, found, where, store, program(),
        threads=config.num_threads or default_threads(),
        gpus=int(config.device == "cuda"),
        memory=find(entry.contender).memory_needed(config, n_images),
        at_a_time=at_a_time,
    )  # fmt: skip


def _run_all(
    jobs: Sequence[Job], output: Output, executor: Executor, display: ProgressDisplay, *,
    resumed: bool, again: str | None,
) -> list[RunRecord]:  # fmt: skip
    """The runs that came through; the display knows the failures of the others."""
    store = Store(open_storage(jobs[0].store))
    missing = [job for job in jobs if not _is_done(job, output, store, display, resumed=resumed)]
    try:
        if isinstance(executor, LocalExecutor):
            missing = prepare_kernels(missing, executor.workers, display.say)
        executor.run(missing, display.handle)
    except Interrupted as stop:
        raise Interrupted(stop.signum, Path(output.shown), again) from None
    finally:
        output.send([path for path in (output.root / JOURNAL,) if path.exists()])
    for end in display.stopped:
        display.fail(jobs[end.number - 1], f"was asked to stop, by signal {end.signum}")
    if isinstance(executor, LocalExecutor):
        note_compiled([job.entry for job in missing if job.number not in display.failed])
    records = []
    for job in jobs:
        if job.number not in display.failed:
            try:
                records.append(_read(job, output))
            except UserError as error:
                display.fail(job, str(error))
    return records


def _is_done(
    job: Job, output: Output, store: Store, display: ProgressDisplay, *, resumed: bool
) -> bool:
    """Whether a run need not be made: it has finished, here or elsewhere, or cannot begin."""
    place = job.entry.place
    found = store.find(job.address)
    try:
        if found is not None and (found[0].where, found[1]) == (output.storage.where, place):
            display.skip(job, "has finished before")
            return True
        if _begun(job, output, resumed=resumed):
            if output.storage.read(f"{place}/{SUMMARY}") is None:
                return False
            display.skip(job, "has finished before")
            return True
        if found is None:
            return False
        _take_over(job, output, *found)
    except UserError as error:
        display.fail(job, str(error))
        return True
    store.add(job.address, output.storage, place)
    display.skip(job, f"taken from {found[0].where}/{found[1]}")
    return True


def _begun(job: Job, output: Output, *, resumed: bool) -> bool:
    """Whether the run's folder holds this run already.

    Raises:
        UserError: it holds another, or one that the campaign knows nothing of.
    """
    place, kind = job.entry.place, find(job.entry.contender)
    raw = output.storage.read(f"{place}/{CONFIG}")
    if raw is None:
        return False
    where = f"{output.shown}/{place}"
    if not resumed:
        raise UserError(f"{where}: holds a run already ({CONFIG}); name another folder")
    folder = output.root / place
    if isinstance(output.storage, RemoteStorage):
        write_bytes(folder / CONFIG, raw)
    name, content, started_in = read_config(folder)
    held = from_plain(kind.config_type, content).moved(started_in)
    ours = settings(kind, job.entry.config.moved(Path.cwd()))
    theirs = settings(kind, held)
    # Threads follow the machine; of data that were moved, the checkpoint knows the content.
    may_change = {name for name, e in effects(kind.config_type).items() if e is Effect.SPEED}
    named = held.mnist_path.lower() in (EMBEDDED, *OPENML_NAMES)
    if not named and not Path(held.mnist_path).exists():
        may_change.add("mnist_path")
    differing = [key for key in ours if ours[key] != theirs[key] and key not in may_change]
    if name != job.entry.contender:
        raise UserError(f"{where}: holds a run of {name}; name another folder")
    if differing:
        key = differing[0]
        raise UserError(
            f"{where}: holds a run with `{key}` (={theirs[key]}), not {ours[key]}; name another "
            "folder, or remove it"
        )
    return True


def _take_over(job: Job, output: Output, storage: Storage, place: str) -> None:
    """Bring a finished run from elsewhere into this campaign, whole or not at all."""
    folder = output.root / job.entry.place
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=TEMPORARY[:-1], dir=folder.parent) as within:
            storage.fetch(place, Path(within) / "run")
            (Path(within) / "run").rename(folder)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written: {one_line(error)}") from error
    if isinstance(output.storage, RemoteStorage):
        output.storage.send(folder, job.entry.place)


def _read(job: Job, output: Output) -> RunRecord:
    folder = output.root / job.entry.place
    if isinstance(output.storage, RemoteStorage) and not (folder / SUMMARY).is_file():
        output.storage.fetch(job.entry.place, folder)
    return read_run(folder)
