"""Flags that ``compare`` and ``front`` share: what all runs of a race have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spikeoff.cli.training import DeviceName
from spikeoff.errors import UserError

if TYPE_CHECKING:
    from spikeoff.cli.execution import Execution
    from spikeoff.experiments.campaign import Entry

PresetName = Literal["quick", "original", "full", "tuned"]

FAILED_RUNS = 1

OF_THE_RACE = ("preset", "seeds", "output", "energy_table", "resume")
"""Flags that are no settings of a run."""


@dataclass(frozen=True, kw_only=True)
class RaceFlags:
    """A race: its preset, its seeds, its folder, and settings of all its runs."""

    preset: PresetName = "quick"
    """quick, a short training of each network, with settings tuned for it; original, the complete
    training with the settings of the original scripts; full, the same; tuned, 15 epochs of all
    images with settings tuned for accuracy."""
    seeds: tuple[int, ...] = (0,)
    """Random seeds; every network runs once per seed."""
    output: str | None = None
    """Folder of the race, or URL in an object store, such as s3://bucket/race; by default a new
    folder under runs/."""
    epochs: int | None = None
    """Passes over the training images; replaces the value of the preset."""
    num_threads: int | None = None
    """CPU threads per run; by default OMP_NUM_THREADS or all cores, shared equally among several
    workers; one on a cluster."""
    device: DeviceName = "auto"
    """Device to compute on; auto takes a GPU if there is one."""
    mnist_path: str | None = None
    """Data set, by name or path; MNIST by default."""
    n_train: int | None = None
    """Number of training images; replaces the value of the preset."""
    n_validation: int | None = None
    """Number of validation images; by default 5,000, or a tenth where there are fewer than 50,000
    training images."""
    augment: bool = False
    """Distort the training images, by the default strengths of each network; only networks that
    learn by gradient can take part then."""
    strict: bool = False
    """Compute such that results have the same bits on every kind of processor: strict mode of the
    spiking networks, on the CPU. The other networks have none and run as without."""
    tdp: float | None = None
    """Thermal design power (W) for the energy estimate; 160 by default."""
    timing_seconds: float | None = None
    """Time (s) to measure latency, and the same time for throughput; 0 measures neither."""
    energy_seconds: float | None = None
    """Maximum time (s) per run to measure energy, if there are sensors; 0 measures none."""
    tracker: Literal["tensorboard", "mlflow"] | None = None
    """Write the metrics of each epoch for another program too, on this machine: tensorboard, event
    files in the folder of each run; mlflow, a database there, or the one that MLFLOW_TRACKING_URI
    names (extras of the same names)."""
    energy_table: Path | None = None
    """TOML file with the energy of each operation on a chip; 45 nm CMOS by default."""
    resume: str | None = None
    """Folder or URL of a stopped race; it continues with its original settings."""

    def common(self) -> dict[str, Any]:
        """The settings of all runs that were given."""
        names = [field.name for field in fields(self) if field.name not in OF_THE_RACE]
        values = {name: getattr(self, name) for name in names}
        return {k: value for k, value in values.items() if value is not None and value is not False}

    def run(
        self,
        verb: str,
        begin: Callable[[Path], list[Entry]],
        execution: Execution,
        *,
        changed: bool,
    ) -> int:
        """Run a new race, or go on with a stopped one; the exit status.

        Args:
            verb: of the command, for the name of a new folder and for going on.
            begin: the runs of a new race in a folder.
            execution: how the runs execute.
            changed: whether a flag of ``verb`` alone was given.

        Raises:
            UserError: a stopped race was to go on with other settings.
        """
        from spikeoff.console import output_console
        from spikeoff.experiments.campaign import (
            open_output,
            race,
            read_race,
            resumable_here,
            with_threads,
        )
        from spikeoff.ledger.environment import available_cores

        if self.resume is not None:
            self._check_unchanged(changed)
        energy_table = self.energy_table
        new = f"runs/{verb}-{self.preset}_{datetime.now():%Y-%m-%d_%H-%M-%S}"
        with open_output(self.resume or self.output or new) as folder:
            if self.resume is not None:
                place = execution.choose_executor()
                runs, began_with = read_race(folder.root)
                energy_table = energy_table or began_with
                cores = None if place.elsewhere else available_cores()
                runs = resumable_here(runs, self.mnist_path, cores)
            else:
                runs = begin(folder.root)
                execution = execution.or_else(min(len(runs), self._usual_workers()))
                place = execution.choose_executor()
                runs = with_threads(runs, place.threads)
            failures = race(
                runs, folder, output_console(), energy_table,
                resumed=self.resume is not None, executor=place, store=execution.store,
                again=execution.again(verb, "--resume", folder.shown),
            )  # fmt: skip
        return exit_status(failures)

    def _usual_workers(self) -> int:
        """Two where results are wanted soon, and nothing measures the energy of a run alone."""
        from spikeoff.contenders.hardware import choose_device
        from spikeoff.ledger.environment import default_threads
        from spikeoff.ledger.sensors import processor_sensors

        if self.preset != "quick" or default_threads() < 2 or self.num_threads is not None:
            return 1
        measured = self.energy_seconds != 0 and processor_sensors().counters
        return 1 if measured or choose_device(self.device) != "cpu" else 2

    def _check_unchanged(self, changed: bool) -> None:
        """Refuse settings given together with --resume."""
        moved = RaceFlags(
            resume=self.resume, mnist_path=self.mnist_path, energy_table=self.energy_table
        )
        if changed or self != moved:
            raise UserError(
                "only --executor, --workers, --address and --store can be given with --resume, and "
                "where files are now (--mnist_path, --energy_table): a race goes on as it began"
            )


def exit_status(failures: Sequence[str]) -> int:
    """The exit status of a race, whose failures are printed."""
    for line in failures:
        print(f"spikeoff: failed: {line}", file=sys.stderr)  # noqa: T201
    return FAILED_RUNS if failures else 0
