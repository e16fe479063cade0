"""Training and comparing from Python, in the process that asks for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from spikeoff.api.comparison import Comparison
from spikeoff.api.data import Data, data_source
from spikeoff.api.folders import place_at
from spikeoff.api.run import Run
from spikeoff.console import error_console, silent_console
from spikeoff.contenders.base import Config
from spikeoff.contenders.field_checks import from_plain, require
from spikeoff.contenders.hardware import settings_restored
from spikeoff.contenders.presets import PRESETS, Preset
from spikeoff.contenders.registry import find, names, parse
from spikeoff.errors import UserError
from spikeoff.experiments import training
from spikeoff.experiments.campaign import entries, is_race, open_output, with_threads
from spikeoff.experiments.campaign.campaign_runner import Executor, make_runs
from spikeoff.experiments.campaign.in_process import InProcessExecutor
from spikeoff.experiments.campaign.local import LocalExecutor
from spikeoff.pretrained import pretrained_folder
from spikeoff.run.progress import RunListener
from spikeoff.run.run_record import read_run

ELSEWHERE = {
    "mnist_path": "give the data as `data`",
    "resume_from": "use resume(folder)",
    "test_mode": "use load_run(folder).predict(images)",
}
"""Settings that have another form here."""


class _Silent:
    """Shows no progress."""

    def progressed(self, share: float, line: str = "") -> None:
        del share, line

    def resumable(self, folder: Path) -> None:
        del folder


def contender_names() -> list[str]:
    """The names of all contenders: ours, then those that other packages register."""
    return names()


def train(
    contender: str,
    data: Data = None,
    *,
    seed: int = 0,
    save_path: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **settings: Any,
) -> Run:
    """Train a contender, test it once, and record what it did and cost.

    Args:
        contender: its name, such as mlp; with an engine, such as mlp@tensorflow.
        data: a data set of ``load_data`` or ``make_data``, a name or a path; MNIST by default.
        seed: decides the split, initial weights, order of images, input spikes and dropout.
        save_path: folder of the run; by default a temporary one, which goes with the result.
        progress: whether to show progress on standard error, or in the notebook.
        settings: any field of the contender's configuration, such as epochs=10; ``spikeoff train
            CONTENDER --help`` lists them.

    Raises:
        UserError: a mistake in a setting, the data or the folder, or training diverged.
        KeyboardInterrupt: it was interrupted; where ``save_path`` is given, ``resume`` goes on.
    """
    for name in settings.keys() & ELSEWHERE.keys():
        raise UserError(f"`{name}` has no place here; {ELSEWHERE[name]}")
    name, engine = parse(contender)
    place = place_at(save_path)
    given: dict[str, Any] = {} if engine is None else {"engine": engine}
    given |= {**settings, "seed": seed, "save_path": str(place.path)}
    with settings_restored():
        kind = find(name).config_type
        from_plain(kind, given)  # a mistake shows before data are written
        config = from_plain(kind, {**given, "mnist_path": data_source(data, place.path)})
        return Run(training.train(name, config, listener=_listener(progress)), place)


def resume(folder: str | os.PathLike[str], *, progress: bool = True) -> Run:
    """Go on with a run that was stopped; it ends with the same bits. A finished one is read.

    Raises:
        UserError: there is no run, another process has it, or training diverged.
        KeyboardInterrupt: it was interrupted again.
    """
    place = place_at(folder)
    with settings_restored():
        return Run(training.resume(place.path, listener=_listener(progress)), place)


def load_run(folder: str | os.PathLike[str]) -> Run:
    """The finished run in a folder.

    Raises:
        UserError: there is none, or a file of it is damaged.
    """
    place = place_at(folder)
    return Run(read_run(place.path), place)


def load_pretrained(name: str) -> Run:
    """A trained network that is in the package: ``load_pretrained("mlp").predict(images)``.

    Its synaptic weights are rounded to 8 significant bits. Its record says how it was trained, and
    has the accuracies, answers and costs of the network with the rounded weights.

    Args:
        name: one of ``pretrained_names()``.

    Raises:
        UserError: there is no network of that name.
    """
    return load_run(pretrained_folder(name))


def compare(
    contenders: Sequence[str] | None = None,
    data: Data = None,
    *,
    preset: Preset = "quick",
    seeds: Sequence[int] = (0,),
    twins: bool = True,
    output: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    energy_table: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **settings: Any,
) -> Comparison:
    """Run contenders on the same images, split and seeds, and compare them.

    Runs take place one after another in this process, so that notebooks, scripts without a
    ``__main__`` guard and standard input work. Peak memory is then that of the whole process; with
    ``workers``, each run has a process of its own, as with ``spikeoff compare``.

    Args:
        contenders: their names; all by default.
        data: a data set of ``load_data`` or ``make_data``, a name or a path; MNIST by default.
        preset: quick, a short training of each; original (or full), the complete training.
        seeds: every contender runs once per seed.
        twins: add the conventional twins of spiking contenders.
        output: folder of all runs; by default a temporary one, which goes with the result. Where
            it holds this comparison already, finished runs are taken over and stopped ones go on.
        workers: processes that run at a time; None for runs in this process.
        energy_table: TOML file with the energy of each operation on a chip; 45 nm CMOS by default.
        progress: whether to show progress on standard error, or in the notebook.
        settings: of all runs, such as epochs, n_train, n_validation or num_threads.

    Raises:
        UserError: a mistake in an argument, the data or the folder, or no run came through.
        KeyboardInterrupt: it was interrupted; where ``output`` is given, the same call goes on.
    """
    require("preset", preset, preset in PRESETS, " or ".join(PRESETS))
    common = _common(settings)
    executor: Executor = InProcessExecutor()
    if workers is not None:
        require("workers", workers, workers >= 1, "at least 1, or None")
        executor = LocalExecutor(workers)
    place = place_at(output)
    chosen = names() if contenders is None else contenders
    console = error_console() if progress else silent_console()
    with settings_restored(), open_output(str(place.path)) as folder:
        entries(chosen, seeds, preset, common, folder.root, twins=twins)  # a mistake shows first
        common["mnist_path"] = data_source(data, place.path)
        runs = entries(chosen, seeds, preset, common, folder.root, twins=twins)
        made = make_runs(
            with_threads(runs, executor.threads), folder, console,
            None if energy_table is None else Path(energy_table),
            resumed=is_race(folder.root), executor=executor, live=console,
        )  # fmt: skip
        made.check()
    return Comparison(
        [Run(record, place) for record in made.records],
        failures=[str(failure) for failure in made.failures],
        energy_table=energy_table,
        place=place,
    )


def _listener(progress: bool) -> RunListener | None:
    return None if progress else _Silent()


def _common(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of all runs.

    Raises:
        UserError: one is not of all contenders, or has another form here.
    """
    known = {one.name for one in fields(Config)} - {"seed", "save_path", *ELSEWHERE}
    for name in settings:
        if name in ELSEWHERE:
            raise UserError(f"`{name}` has no place here; {ELSEWHERE[name]}")
        if name not in known:
            raise UserError(
                f"`{name}` is no setting of all contenders, which are {', '.join(sorted(known))}; "
                "train one contender with it by train, and compare by Comparison(runs)"
            )
    return {**settings}
