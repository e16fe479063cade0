"""``spikeoff tune``: the studies of all contenders, one after another, and their record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spikeoff.console import output_console
from spikeoff.contenders.study_records import StudyRecord, TunedPreset, shipped_records
from spikeoff.data import load_dataset
from spikeoff.errors import UserError
from spikeoff.experiments.search.launch import run
from spikeoff.experiments.search.results import finished, table
from spikeoff.experiments.search.search_file import Search, check_counts, own_database
from spikeoff.experiments.search.settings import Machine
from spikeoff.experiments.search.trial import without_test
from spikeoff.experiments.tuning import studies
from spikeoff.experiments.tuning.record import read_tuning, study_record, write_tuning
from spikeoff.run.signals import Interrupted

RECORD = "studies.json"


class Tuning:
    """The studies of a preset, in a folder that a later call goes on with."""

    def __init__(
        self,
        preset: TunedPreset,
        n_trials: int | None,
        workers: int,
        machine: Machine,
        folder: Path,
        quick_studies: Path | None = None,
    ) -> None:
        """Make one.

        Args:
            preset: whose settings are looked for.
            n_trials: trials of each contender; by default those of the preset.
            workers: trials at a time.
            machine: what decides no result.
            folder: of all studies.
            quick_studies: record of a tuning for ``quick``, from whose best trials ``tuned``
                starts; by default the one that the package has.

        Raises:
            UserError: a number is out of range, or the record cannot be read.
        """
        n_trials = studies.N_TRIALS[preset] if n_trials is None else n_trials
        check_counts(n_trials, workers)
        self._quick = _quick_records(preset, quick_studies)
        self._preset, self._n_trials, self._workers = preset, n_trials, workers
        self._machine, self._folder = machine, folder
        self._data = without_test(load_dataset(machine.mnist_path)).sha256()

    def run(self, names: Sequence[str], again: str) -> None:
        """Run the trials that are left of each contender, and write the record after each.

        Args:
            names: of contenders; none for all that can be tuned.
            again: the command that goes on, for the message after an interruption.

        Raises:
            UserError: a contender cannot be tuned, or the folder has other studies.
            Interrupted: it was asked to stop.
        """
        for name in names:
            studies.check_tunable(name)
        if self._preset == "tuned":
            for name in names or studies.tunable():
                self._finalists(name)
        path = self._folder / RECORD
        records = read_tuning(path)
        try:
            for name in names or studies.tunable():
                records[name] = self._tuned(name)
                write_tuning(path, records)
        except Interrupted as stop:
            raise Interrupted(stop.signum, stop.folder, again) from None
        output_console().print(str(path), highlight=False, soft_wrap=True)

    def _tuned(self, name: str) -> StudyRecord:
        """A contender's study after its last trial, shown as a table."""
        first = self._finalists(name) if self._preset == "tuned" else []
        folder = self._folder / name
        search = Search(
            own_database(folder), name, self._n_trials, self._workers, folder, self._machine
        )
        study = run(search, studies.study_settings(name, self._preset, self._data), first)
        output_console().print(table(study, finished(study, self._n_trials)))
        return study_record(study, self._n_trials)

    def _finalists(self, name: str) -> list[dict[str, Any]]:
        return studies.finalists(name, self._quick.get(name), self._n_trials, self._data)


def _quick_records(preset: TunedPreset, path: Path | None) -> Mapping[str, StudyRecord]:
    if path is None:
        return shipped_records("quick")
    if preset == "quick":
        raise UserError(f"`studies` (={path}) is for the preset tuned alone; leave it out")
    if not path.is_file():
        raise UserError(f"`studies` (={path}): no such file; name a studies.json of spikeoff tune")
    return read_tuning(path)
