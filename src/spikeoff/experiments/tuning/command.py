"""``spikeoff tune``: the studies of all contenders, one after another, and their record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spikeoff.console import output_console
from spikeoff.contenders.study_records import TunedPreset, TuningRecord
from spikeoff.data import load_dataset
from spikeoff.experiments.search.launch import run
from spikeoff.experiments.search.results import Finished, finished, table
from spikeoff.experiments.search.search_file import Search, check_counts, own_database
from spikeoff.experiments.search.settings import Machine, Settings
from spikeoff.experiments.search.study import SharedStudy
from spikeoff.experiments.search.trial import without_test
from spikeoff.experiments.tuning import studies
from spikeoff.experiments.tuning.record import read_tuning, study_record, write_tuning
from spikeoff.run.signals import Interrupted

RECORD = "studies.json"
FINALISTS = "finalists"


class Tuning:
    """The studies of a preset, in a folder that a later call goes on with."""

    def __init__(
        self, preset: TunedPreset, n_trials: int, workers: int, machine: Machine, folder: Path
    ) -> None:
        """Make one.

        Args:
            preset: whose settings are looked for.
            n_trials: trials of each contender.
            workers: trials at a time.
            machine: what decides no result.
            folder: of all studies.
        """
        check_counts(n_trials, workers)
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
        path = self._folder / RECORD
        records = read_tuning(path)
        try:
            for name in names or studies.tunable():
                records[name] = self._tuned(name)
                write_tuning(path, records)
        except Interrupted as stop:
            raise Interrupted(stop.signum, stop.folder, again) from None
        output_console().print(str(path), highlight=False, soft_wrap=True)

    def _tuned(self, name: str) -> TuningRecord:
        settings = studies.search_settings(name, self._preset, self._data)
        study, done = self._study(settings, self._folder / name, self._n_trials)
        record = TuningRecord(study_record(study, self._n_trials))
        best = done.complete[0]
        if self._preset == "quick" or best.number == 0:
            return record
        finalists = [study.given, best.params]
        final, _ = self._study(
            studies.finalist_settings(name, self._data), self._folder / name / FINALISTS,
            len(finalists), finalists,
        )  # fmt: skip
        return TuningRecord(record.search, study_record(final, len(finalists)))

    def _study(
        self,
        settings: Settings,
        folder: Path,
        n_trials: int,
        first: Sequence[dict[str, object]] = (),
    ) -> tuple[SharedStudy, Finished]:
        """A study after its last trial, shown as a table."""
        search = Search(
            own_database(folder), settings.contender, n_trials, self._workers, folder, self._machine
        )
        study = run(search, settings, first)
        done = finished(study, n_trials)
        output_console().print(table(study, done))
        return study, done
