"""``spikeoff compare`` and ``spikeoff campaign``: many runs, then their comparison."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from spikeoff.cli.training import DeviceName
from spikeoff.cli.ways import ExecutorName, Ways
from spikeoff.errors import UserError

if TYPE_CHECKING:
    from spikeoff.experiments.campaign import Entry

FAILED_RUNS = 1

PresetName = Literal["quick", "original", "full"]


def compare(
    preset: PresetName = "quick",
    contenders: tuple[str, ...] = (),
    twins: bool = True,
    seeds: tuple[int, ...] = (0,),
    output: str | None = None,
    epochs: int | None = None,
    num_threads: int | None = None,
    device: DeviceName = "auto",
    mnist_path: str | None = None,
    n_train: int | None = None,
    n_validation: int | None = None,
    tdp: float | None = None,
    timing_seconds: float | None = None,
    energy_seconds: float | None = None,
    energy_table: Path | None = None,
    resume: str | None = None,
    executor: ExecutorName = "local",
    workers: int | None = None,
    address: str | None = None,
    store: str | None = None,
) -> int:
    """Run every contender on the same images, split and seeds, then compare them.

    Args:
        preset: quick, a small race of a few minutes; original, the complete training with the
            settings of the original scripts; full, the same.
        contenders: contenders to compare; all by default.
        twins: add the conventional twin of each spiking contender: a network without spikes, with
            the same layers and synapses.
        seeds: random seeds; every contender runs once per seed.
        output: folder of the race, or URL in an object store, such as s3://bucket/race; by default
            a new folder under runs/.
        epochs: passes over the training images; replaces the value of the preset.
        num_threads: CPU threads per run; by default all cores, shared equally among several
            workers; one on a cluster.
        device: device to compute on; auto takes a GPU if there is one.
        mnist_path: data set, by name or path; MNIST by default.
        n_train: number of training images; replaces the value of the preset.
        n_validation: number of validation images; 5,000 by default.
        tdp: thermal design power (W) for the energy estimate; 160 by default.
        timing_seconds: time (s) to measure latency, and the same time for throughput; 0 measures
            neither.
        energy_seconds: maximum time (s) per run to measure energy, if there are sensors; 0
            measures none.
        energy_table: TOML file with the energy of each operation on a chip; 45 nm CMOS by default.
        resume: folder or URL of a stopped race; it continues with its original settings.
        executor: local, processes on this machine; or ray, a Ray cluster.
        workers: number of runs at a time; by default one, on a cluster as many as fit.
        address: address of the Ray cluster; by default RAY_ADDRESS, or a new cluster on this
            machine.
        store: folder or URL with the list of finished runs, which several races can share; by
            default the folder of the race.
    """
    common = {
        "epochs": epochs,
        "num_threads": num_threads,
        "device": device,
        "mnist_path": mnist_path,
        "n_train": n_train,
        "n_validation": n_validation,
        "tdp": tdp,
        "timing_seconds": timing_seconds,
        "energy_seconds": energy_seconds,
    }
    ways = Ways(executor, workers, address, store)
    if resume is not None:
        changed = contenders or not twins or seeds != (0,) or preset != "quick"
        refuse_changes({**common, "output": output, "energy_table": energy_table}, bool(changed))

    def begin(folder: Path) -> list[Entry]:
        from spikeoff.contenders.registry import names
        from spikeoff.experiments.campaign import entries

        labels = contenders or tuple(names())
        return entries(labels, seeds, preset, chosen(common), folder, twins=twins)

    return run_race(
        begin, "compare", preset, ways, output=output, resume=resume, energy_table=energy_table
    )


def run_race(
    begin: Callable[[Path], list[Entry]],
    verb: str,
    preset: PresetName,
    ways: Ways,
    *,
    output: str | None,
    resume: str | None,
    energy_table: Path | None,
) -> int:
    """Run a new race, or go on with the one in ``resume``; the exit status.

    Args:
        begin: the runs of a new race in a folder.
        verb: of the command, for the name of a new folder and for going on.
        preset: of the race, for that name.
        ways: how the runs execute.
        output: folder of a new race; by default a new one under runs/.
        resume: folder of a stopped race.
        energy_table: of a new race.
    """
    from spikeoff.console import output_console
    from spikeoff.experiments.campaign import open_output, race, read_race, with_threads

    place = ways.choose_executor()
    where = resume or output or f"runs/{verb}-{preset}_{datetime.now():%Y-%m-%d_%H-%M-%S}"
    with open_output(where) as folder:
        if resume is not None:
            runs, energy_table = read_race(folder.root)
        else:
            runs = with_threads(begin(folder.root), place.threads)
        failures = race(
            runs, folder, output_console(), energy_table,
            resumed=resume is not None, executor=place, store=ways.store,
            again=ways.again(verb, "--resume", folder.shown),
        )  # fmt: skip
    return _failed(failures)


def chosen(common: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of all runs that were given."""
    return {name: value for name, value in common.items() if value is not None}


def refuse_changes(settings: Mapping[str, Any], changed: bool) -> None:
    """Refuse settings given together with --resume.

    Args:
        settings: None where not given; ``device`` is auto.
        changed: whether any other setting was given.

    Raises:
        UserError: there are some.
    """
    given = [v for k, v in settings.items() if k != "device" and v is not None]
    if changed or given or settings["device"] != "auto":
        raise UserError(
            "only --executor, --workers, --address and --store can be given with --resume: a "
            "race goes on as it began"
        )


def campaign(
    file: Annotated[Path, tyro.conf.Positional],
    output: str | None = None,
    executor: ExecutorName = "local",
    workers: int | None = None,
    address: str | None = None,
    store: str | None = None,
    energy_table: Path | None = None,
) -> int:
    """Run the contenders, seeds and lists of settings of a TOML file, then compare them.

    Run the same command again to continue a campaign or to add to it. Finished runs are not
    repeated, and stopped runs continue.

    Args:
        file: TOML file with seeds = [0, 1] and one table of settings per contender, such as
            [mlp]. A list of values means one run for each value. [all] has settings of every
            contender.
        output: folder of the campaign, or URL in an object store; by default runs/ and the name of
            the file.
        executor: local, processes on this machine; or ray, a Ray cluster.
        workers: number of runs at a time; by default one, on a cluster as many as fit.
        address: address of the Ray cluster; by default RAY_ADDRESS, or a new cluster on this
            machine.
        store: folder or URL with the list of finished runs, which several campaigns can share; by
            default the folder of the campaign.
        energy_table: TOML file with the energy of each operation on a chip; 45 nm CMOS by default.
    """
    from spikeoff.console import output_console
    from spikeoff.experiments.campaign import (
        is_race,
        open_output,
        race,
        read_campaign,
        read_race,
        with_threads,
    )

    asked = read_campaign(file)
    ways = Ways(executor, workers, address, store)
    place = ways.choose_executor()
    table = () if energy_table is None else ("--energy_table", str(energy_table))
    with open_output(output or f"runs/{asked.name}") as folder:
        begun = is_race(folder.root)
        before = read_race(folder.root)[0] if begun else []
        runs = with_threads(asked.entries(folder.root), place.threads, before)
        failures = race(
            runs, folder, output_console(), energy_table,
            resumed=begun, executor=place, store=store,
            again=ways.again("campaign", str(file), "--output", folder.shown, *table),
        )  # fmt: skip
    return _failed(failures)


def _failed(failures: Sequence[str]) -> int:
    for line in failures:
        print(f"spikeoff: failed: {line}", file=sys.stderr)  # noqa: T201
    return FAILED_RUNS if failures else 0
