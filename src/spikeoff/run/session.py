"""A whole run: data, training, one test on the test images, and the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import spikeoff
from spikeoff.contenders.base import Config, Contender, Device, threads_may_decide
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.registry import find, folder_name, label
from spikeoff.data import Dataset, Split, load_dataset, split
from spikeoff.data.split import held_out_of
from spikeoff.errors import UserError, one_line
from spikeoff.ledger.environment import available_cores
from spikeoff.ledger.metering import Meter
from spikeoff.run.checkpoints import Checkpoint, Checkpointer, newest, remove
from spikeoff.run.folder import CONFIG, SUMMARY, FolderLostError, RunFolder
from spikeoff.run.json_files import plain
from spikeoff.run.judging import judge
from spikeoff.run.log_file import log_file
from spikeoff.run.loop import conclude, learn
from spikeoff.run.measuring import energies, ready_meter, times
from spikeoff.run.memory_check import check_memory
from spikeoff.run.metrics_file import Row
from spikeoff.run.progress import RunListener, RunProgress
from spikeoff.run.run_record import RunRecord, read_config, read_run, with_summary
from spikeoff.run.signals import Interrupted, Signals
from spikeoff.run.tracker import Tracker
from spikeoff.run.trackers import check_tracker, open_tracker

Finish = Callable[[RunRecord], None]
"""Called with the complete record just before it is written; draws the run's figures, say."""


def run(
    name: str,
    config: Config,
    *,
    listener: RunListener | None = None,
    finish: Finish | None = None,
) -> RunRecord:
    """Train the contender ``name``, test it once, and leave the record in its folder.

    Progress goes to the terminal, or to a ``listener``.

    Raises:
        UserError: a mistake in the configuration, the data or the folder, or divergence.
        Interrupted: it was asked to stop; ``resume`` continues.
    """
    with Signals() as signals:
        return _Session(
            name, config, signals, resumed=False, listener=listener, finish=finish
        ).run()


def resume(
    folder: Path,
    *,
    num_threads: int | None = None,
    device: Device | None = None,
    paths: Mapping[str, str | Path] | None = None,
    listener: RunListener | None = None,
    finish: Finish | None = None,
) -> RunRecord:
    """Continue the run in ``folder`` where it was stopped; a finished run is read.

    Args:
        folder: of the run.
        num_threads: CPU threads from now on, instead of those it began with; of these, at most as
            many as there are cores.
        device: where to compute from now on.
        paths: where its data are now, by the name of the setting, such as ``mnist_path``.
        listener: receives progress, instead of the terminal.
        finish: called with the complete record just before it is written.

    Raises:
        UserError: there is no run, another process has it, or what ``run`` raises.
        Interrupted: it was asked to stop again.
    """
    name, content, started_in = read_config(folder)
    if (folder / SUMMARY).is_file():
        return read_run(folder)
    try:
        config = from_plain(find(name).config_type, content)
    except UserError as error:
        raise UserError(f"{folder / CONFIG}: {error}") from error
    began_on = config.num_threads
    if began_on is not None:
        num_threads = num_threads or min(began_on, available_cores())
    changes: dict[str, Any] = {"num_threads": num_threads, "device": device, **(paths or {})}
    given = {key: value for key, value in changes.items() if value is not None}
    for key, value in given.items():
        if not hasattr(config, key):
            raise UserError(f"`{key}` (={value}): {name} has no such setting; leave it out")
    config = replace(config.moved(started_in), save_path=folder, **given)
    with Signals() as signals:
        session = _Session(
            name, config, signals, resumed=True, listener=listener, finish=finish, began_on=began_on
        )
        return session.run()


class _Session:
    """One process's part of a run."""

    def __init__(
        self,
        name: str,
        config: Config,
        signals: Signals,
        *,
        resumed: bool,
        listener: RunListener | None,
        finish: Finish | None,
        began_on: int | None = None,
    ) -> None:
        self.name, self.config, self.began_on = name, config.resolved(), began_on
        self.signals, self.resumed = signals, resumed
        self.listener, self.finish = listener, finish
        self.path = config.save_path or default_folder(name, config.seed)

    def run(self) -> RunRecord:
        """Load the data, then train and judge in the folder."""
        check_tracker(self.config)
        dataset = self._load()
        n_validation = held_out_of(len(dataset.train), self.config.n_validation)
        config = self.config = replace(self.config, n_validation=n_validation)
        parts = split(
            dataset, seed=config.seed, n_validation=config.n_validation, n_train=config.n_train
        )
        kind = find(self.name)
        check_memory(kind, config, parts)
        contender = kind(config, dataset.spec)
        with RunFolder(self.path, resumed=self.resumed) as folder:
            if not self.resumed:
                folder.write_config(self.name, config)
                if self.listener is not None:
                    self.listener.resumable(folder.path)
            try:
                with open_tracker(config, self.path, self.name, self._title, dataset) as tracker:
                    return self._train_and_judge(contender, dataset, parts, folder, tracker)
            except Interrupted as stop:
                raise Interrupted(stop.signum, self.path) from None

    @property
    def _title(self) -> str:
        engine = getattr(self.config, "engine", None)
        return f"{label(self.name, engine)} seed {self.config.seed}"

    def _load(self) -> Dataset:
        try:
            return load_dataset(self.config.mnist_path)
        except UserError as error:
            if not self.resumed:
                raise
            raise UserError(f"{error}; if the data were moved, add --mnist_path") from error

    def _threads_message(self, kind: type[Contender]) -> str | None:
        """A line where a run goes on with fewer threads than it began with."""
        now = self.config.num_threads
        if self.began_on is None or now is None or now >= self.began_on:
            return None
        bits = "; its last bits may differ" if threads_may_decide(kind, self.config) else ""
        return f"it began on {self.began_on} threads and goes on with {now}{bits}"

    def _train_and_judge(
        self,
        contender: Contender,
        dataset: Dataset,
        parts: Split,
        folder: RunFolder,
        tracker: Tracker | None,
    ) -> RunRecord:
        config, path, title = self.config, self.path, self._title
        epochs = contender.passes(config.epochs, len(parts.train))
        facts = {"contender": self.name, "data": dataset.sha256(), "started": _now(), "resumed": 0}
        with (
            log_file(path / contender.outputs.log) as log,
            RunProgress(title, epochs.stop - 1, len(parts.train), log, self.listener) as progress,
        ):
            log.info("%s on %s, engine %s, into %s", title, dataset.name, contender.engine, path)
            last, facts = self._continued(contender, facts, progress)
            meter = self._prepared(contender, parts, progress)
            kept = self.listener.resumable if self.listener is not None else None
            checkpointer = Checkpointer(
                folder, config, facts, self.signals, progress.say, last, kept
            )
            folder_listener = _FolderListener(progress, contender, folder, tracker)
            with self.signals.patiently():
                train_state = learn(
                    contender,
                    parts,
                    epochs=epochs,
                    tdp=config.tdp,
                    meter=meter,
                    listener=folder_listener,
                    keep=folder_listener.metrics,
                    checkpointer=checkpointer,
                    train_state=last.train_state if last else None,
                )
            history = conclude(contender, parts.train, train_state, meter)
            progress.say("testing")
            summary = judge(contender, config, dataset, parts, history, folder)
            progress.say("measuring")
            summary["time"] |= times(contender, config, parts)
            per_image = summary["time"]["test_ms_per_example"]
            summary["energy"] += energies(contender, parts, history, meter, per_image)
            summary |= {
                "started": facts["started"],
                "finished": _now(),
                "resumed": facts["resumed"],
                "checkpoints": {"written": checkpointer.written, "seconds": checkpointer.seconds},
            }
            record = _record(plain(summary), folder, self.finish)
            accuracy = summary["accuracy"]["test"]
            log.info("test accuracy %.2f %%", 100 * accuracy)
            if tracker is not None:
                tracker.tested(accuracy, len(history.rows))
        return record

    def _continued(
        self, contender: Contender, facts: dict[str, Any], progress: RunProgress
    ) -> tuple[Checkpoint | None, dict[str, Any]]:
        """The checkpoint that the contender goes on from, if any, and the facts of the run."""
        if not self.resumed:
            return None, facts
        last = newest(self.path, progress.say)
        if last is not None:
            facts = _restore_checkpoint(contender, last, facts, self.path)
            progress.at(last.train_state.epoch, last.train_state.examples)
        progress.say(_resume_message(last))
        if (message := self._threads_message(type(contender))) is not None:
            progress.say(message)
        return last, facts

    def _prepared(self, contender: Contender, parts: Split, progress: RunProgress) -> Meter:
        """Compile everything, and find what measures energy; says what a reader should know."""
        if contender.patience is not None and not len(parts.validation):
            progress.say("no validation images: early stopping is off")
        for note in contender.notes:
            progress.say(note)
        contender.warm_up(parts.train.take(slice(0, 2)))
        meter = ready_meter(contender.device, self.config)
        progress.say("energy: " + (meter.reason or ", ".join(one.name for one in meter.counters)))
        return meter


def _restore_checkpoint(
    contender: Contender, last: Checkpoint, facts: dict[str, Any], path: Path
) -> dict[str, Any]:
    """Bring the contender to where it was; returns the facts of the run."""
    for key in ("contender", "data"):
        if last.run.get(key) != facts[key]:
            raise UserError(
                f"{path}: the checkpoint is of another {key} ({str(last.run.get(key))[:60]}); "
                "a run continues with what it began with"
            )
    try:
        contender.resume(last.snapshot)
    except (KeyError, ValueError, RuntimeError, TypeError, IndexError) as error:
        raise UserError(
            f"{path}: the checkpoint does not fit this network ({one_line(error)}); start again"
        ) from error
    resumed = last.run.get("resumed")
    return facts | last.run | {"resumed": (resumed if isinstance(resumed, int) else 0) + 1}


def _resume_message(last: Checkpoint | None) -> str:
    if last is None:
        return "no checkpoint found; starting over"
    train_state = last.train_state
    version = "" if last.version == spikeoff.__version__ else (
        f"; written by version {last.version}: its last bits may differ"
    )  # fmt: skip
    what = "training is over" if train_state.over else f"continuing in epoch {train_state.epoch}"
    return f"{what}, after {train_state.examples} images{version}"


def _record(summary: dict[str, Any], folder: RunFolder, finish: Finish | None) -> RunRecord:
    """Call ``finish``, then write the record, which makes the run a finished one."""
    record = with_summary(folder.path, summary)
    folder.check_in_place()
    if finish is not None:
        finish(record)
    folder.write_summary(summary)
    remove(folder.path)
    return record


def default_folder(name: str, seed: int) -> Path:
    """A new folder under runs/, named after the contender, its seed and the time."""
    return Path("runs") / folder_name(name) / f"seed-{seed}_{datetime.now():%Y-%m-%d_%H-%M-%S}"


class _FolderListener:
    """Passes on progress, and lets the contender write the files that it keeps during training.

    A file that cannot be written during training is reported once; training continues.
    """

    def __init__(
        self,
        progress: RunProgress,
        contender: Contender,
        folder: RunFolder,
        tracker: Tracker | None,
    ) -> None:
        self._progress, self._contender, self._folder = progress, contender, folder
        self._tracker = tracker
        self._told: set[str] = set()

    def step(self, examples: int) -> None:
        self._progress.step(examples)
        self._folder.check_in_place()
        with self._reporting_once():
            self._contender.keep(self._folder.path)

    def epoch(self, row: Row) -> None:
        self._progress.epoch(row)
        if self._tracker is not None:
            with self._reporting_once():
                self._tracker.epoch(row)

    def metrics(self, rows: list[Row]) -> None:
        with self._reporting_once():
            self._folder.write_metrics(self._contender.outputs.metrics, rows)

    @contextmanager
    def _reporting_once(self) -> Iterator[None]:
        try:
            yield
        except FolderLostError:
            raise
        except UserError as error:
            if str(error) not in self._told:
                self._told.add(str(error))
                self._progress.say(f"{error}; the run goes on")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
