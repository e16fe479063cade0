"""The command line: one short function a verb.

Flags come from the signatures and configuration dataclasses. Heavy imports wait until a verb
needs them, so that help comes at once.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import tyro

from spikeoff import __version__
from spikeoff.errors import UserError

USAGE_ERROR = 2
FAILED_RUNS = 1
SIGNALLED = 128
INTERRUPTED = 130

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
ExecutorName = Literal["local", "ray"]
Runs = Annotated[tuple[Path, ...], tyro.conf.Positional]


@dataclass(frozen=True, kw_only=True)
class TrainFlags:
    """What ``train`` takes beside the contender's settings."""

    config: Path | None = None
    """TOML file with settings, such as a search's best.toml; flags override it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = _dispatch(given)
    except UserError as error:
        _tell(f"spikeoff: {error}")
        status = USAGE_ERROR
    except KeyboardInterrupt as stop:
        status = _interrupted(stop)
    _let_go_of_output()
    sys.exit(status)


def _interrupted(stop: KeyboardInterrupt) -> int:
    """Tell how to go on, where a run was begun; 130 for SIGINT, 143 for SIGTERM."""
    from spikeoff.training.signals import Interrupted

    if not isinstance(stop, Interrupted):
        _tell("spikeoff: interrupted")
        return INTERRUPTED
    if stop.command is not None:
        _tell(f"spikeoff: interrupted; go on with: {stop.command}")
    elif stop.folder is None:
        _tell("spikeoff: interrupted; nothing was begun")
    else:
        verbs = {"race.json": "compare", "search.json": "search"}
        holds = (verb for file, verb in verbs.items() if (stop.folder / file).is_file())
        verb = next(holds, "train")
        _tell(f"spikeoff: interrupted; go on with: spikeoff {verb} --resume "
              f"{shlex.quote(str(stop.folder))}")  # fmt: skip
    return SIGNALLED + stop.signum


def _tell(line: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody may be there to read it
        print(line, file=sys.stderr, flush=True)  # noqa: T201


def _let_go_of_output() -> None:
    """Leave without a complaint where the reader of the output has left before."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(given: list[str]) -> int:
    if given[:1] == ["--version"]:
        print(f"spikeoff {__version__}")  # noqa: T201
        return 0
    if given[:1] == ["train"]:
        resuming = any(flag.partition("=")[0] == "--resume" for flag in given)
        return _resume(given[1:]) if resuming else _train(given[1:])
    if given[:1] == ["bench"]:
        return _bench(given[1:])
    if given[:1] == ["search"]:
        from spikeoff.search.command import run_search

        return run_search(given[1:])
    if given[:1] == ["data"]:
        verbs: dict[str, Callable[..., Any]] = {"info": data_info, "export": data_export}
        return _call(verbs, given[1:], "spikeoff data", "Look at a data set, or write it out.")
    verbs = {
        "compare": compare, "campaign": campaign, "train": train, "report": report, "data": data,
        "weights": weights, "evaluate": evaluate, "search": search, "bench": bench,
        "sensors": sensors, "export": export,
    }  # fmt: skip
    return _call(verbs, given, "spikeoff", _overview())


def _call(
    verbs: dict[str, Callable[..., Any]], given: list[str], prog: str, description: str
) -> int:
    return int(
        tyro.extras.subcommand_cli_from_dict(
            verbs, args=given or ["--help"], prog=prog, description=description,
            use_underscores=True, sort_subcommands=False,
        )
        or 0
    )  # fmt: skip


def _overview() -> str:
    return (
        "One fair race between spiking and conventional neural networks on MNIST. "
        "Start with: spikeoff compare"
    )


def _train(given: list[str]) -> int:
    """``train CONTENDER``: the flags are those of the contender's configuration."""
    from spikeoff.contenders.registry import find, names, parse

    if not given or given[0] in ("-h", "--help"):
        print(  # noqa: T201
            "usage: spikeoff train CONTENDER [flags]\n"
            "       spikeoff train --resume DIR [--num_threads N] [--device D]\n\n"
            f"CONTENDER is one of: {', '.join(names())}\n"
            "Its flags: spikeoff train CONTENDER --help\n"
            "DIR is the folder of a run that was stopped; it goes on as if it had not been"
        )
        return 0
    (name, engine), flags = parse(given[0]), given[1:]
    if engine is not None:
        flags = ["--engine", engine, *flags]
    kind = find(name)
    from spikeoff.contenders.settings_file import read_settings
    from spikeoff.flags import config_file, parse_flags

    path = config_file(flags)
    held = read_settings(path, name, kind.config_type) if path else {}
    _, settings = parse_flags(
        TrainFlags, kind.config_type, flags, prog=f"spikeoff train {name}", defaults=held
    )
    config = kind.config_type(**settings)
    from spikeoff.ledger.operation_energy import load_table
    from spikeoff.report.console import output_console
    from spikeoff.report.energy import energy_table
    from spikeoff.report.table import terminal_table
    from spikeoff.report.times import time_table
    from spikeoff.training.session import run

    console = output_console()
    from spikeoff.contenders.diehl_cook.config import DiehlCookConfig

    if isinstance(config, DiehlCookConfig) and config.test_mode:
        from spikeoff.evaluation import test_only

        folder = test_only(config, console)
        vote = config.tuning.vote
        return evaluate(folder, config.mnist_path, num_examples=config.num_examples, vote=vote)
    record = run(name, config)
    console.print(terminal_table([record]))
    console.print(time_table([record]))
    console.print(energy_table([record], load_table()))
    console.print(str(record.folder), highlight=False, soft_wrap=True)
    return 0


def _bench(given: list[str]) -> int:
    """``bench CONTENDER``: the flags are those of the contender's benchmark."""
    from spikeoff.bench import MODULES, find_bench

    if not given or given[0] in ("-h", "--help"):
        print(  # noqa: T201
            "usage: spikeoff bench CONTENDER [--against PEER ...] [flags]\n\n"
            f"CONTENDER is one of: {', '.join(MODULES)}\n"
            "Its peers and flags: spikeoff bench CONTENDER --help"
        )
        return 0
    name, *flags = given
    tyro.cli(find_bench(name), args=flags, prog=f"spikeoff bench {name}", use_underscores=True)
    return 0


def _resume(given: list[str]) -> int:
    """``train --resume DIR``: all that decides the results comes from DIR."""
    from spikeoff.contenders.registry import label, names, parse

    contender, named_engine = parse(given[0])
    if contender in names():
        given = given[1:]
    else:
        contender, named_engine = "", None
    (folder, num_threads, device, engine), others = tyro.cli(
        _resumed, args=given, prog="spikeoff train", use_underscores=True,
        return_unknown_args=True,
    )  # fmt: skip
    if others:
        raise UserError(
            f"`{others[0]}` cannot be given with --resume: a run goes on as it began; only "
            "--num_threads and --device may change"
        )
    from spikeoff.report.console import output_console
    from spikeoff.report.table import terminal_table
    from spikeoff.runs import read_config
    from spikeoff.training.session import resume

    if contender or engine:
        held, settings, _ = read_config(folder)
        began = settings.get("engine")
        asked = label(contender or held, engine or named_engine or began)
        if asked != label(held, began):
            raise UserError(
                f"{folder}: holds a run of {label(held, began)}, not of {asked}; leave the name "
                "and the engine out"
            )
    record = resume(folder, num_threads=num_threads, device=device)
    console = output_console()
    console.print(terminal_table([record]))
    console.print(str(record.folder), highlight=False, soft_wrap=True)
    return 0


def _resumed(
    resume: Path,
    num_threads: int | None = None,
    device: DeviceName | None = None,
    engine: str | None = None,
) -> tuple[Path, int | None, DeviceName | None, str | None]:
    """Go on with a run that was stopped.

    Args:
        resume: folder of the run.
        num_threads: CPU threads from now on.
        device: where to compute from now on.
        engine: that which the run has; no other can go on with it.
    """
    return resume, num_threads, device, engine


def train() -> int:
    """Train one contender: spikeoff train CONTENDER --help tells its flags."""
    return _train([])


def data() -> int:
    """Look at a data set (info), or write it in another format (export)."""
    return _dispatch(["data"])


def compare(
    preset: Literal["quick", "full"] = "quick",
    contenders: tuple[str, ...] = (),
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
    """Run the race: every contender on the same images, split and seeds; then compare.

    Args:
        preset: quick is an honest small race of a few minutes, full the whole training.
        contenders: who takes part; all by default.
        seeds: a run of every contender for each.
        output: folder of the race, or URL in an object store, as s3://bucket/race; a new folder
            under runs/ by default.
        epochs: passes over the training images, instead of the preset's.
        num_threads: CPU threads of a run; by default all cores, or of several workers each its
            share; one on a cluster.
        device: where to compute: a GPU if there is one, or as named.
        mnist_path: data, by name or path; MNIST by default.
        n_train: training images, instead of the preset's.
        n_validation: images held out to steer by; 5,000 by default.
        tdp: thermal design power (W) for the energy estimate; 160 by default.
        timing_seconds: time (s) to measure a run's latency for, and as much for throughput; 0:
            neither.
        energy_seconds: most time (s) a run spends on measuring energy where there are sensors; 0
            measures none.
        energy_table: TOML file with what operations cost on a chip; 45 nm CMOS by default.
        resume: folder or URL of a race that was stopped; it goes on with what it began with.
        executor: local, processes of this machine; or ray, a Ray cluster.
        workers: runs at a time; one by default, on a cluster as many as fit.
        address: of the Ray cluster; by default RAY_ADDRESS, or one of this machine's own.
        store: folder or URL where finished runs are noted, to be taken by any race that needs
            them; the race's own folder by default.
    """
    from spikeoff.campaign import (
        choose_executor,
        entries,
        open_output,
        race,
        read_race,
        with_threads,
    )  # fmt: skip
    from spikeoff.contenders.registry import names
    from spikeoff.report.console import output_console

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
    chosen = {name: value for name, value in common.items() if value is not None}
    place = choose_executor(executor, workers, address)
    if resume is not None:
        others = [output, energy_table, *(v for k, v in common.items() if k != "device")]
        if contenders or seeds != (0,) or preset != "quick" or device != "auto" or any(others):
            raise UserError(
                "only --executor, --workers, --address and --store can be given with --resume: a "
                "race goes on as it began"
            )
    where = resume or output or f"runs/compare-{preset}_{datetime.now():%Y-%m-%d_%H-%M-%S}"
    with open_output(where) as folder:
        if resume is not None:
            runs, energy_table = read_race(folder.root)
        else:
            runs = entries(contenders or tuple(names()), seeds, preset, chosen, folder.root)
            runs = with_threads(runs, place.threads)
        failures = race(
            runs, folder, output_console(), energy_table,
            resumed=resume is not None, executor=place, store=store,
            again=_again(["compare", "--resume", folder.shown], executor, workers, address, store),
        )  # fmt: skip
    return _failed(failures)


def _again(
    command: list[str],
    executor: str,
    workers: int | None,
    address: str | None,
    store: str | None,
) -> str:
    """The command that goes on with a campaign in the same way."""
    ways = {"workers": workers, "address": address, "store": store}
    given = {"executor": executor, **ways} if executor != "local" else ways
    for name, value in given.items():
        if value is not None:
            command += [f"--{name}", str(value)]
    return shlex.join(["spikeoff", *command])


def _failed(failures: Sequence[str]) -> int:
    for line in failures:
        print(f"spikeoff: failed: {line}", file=sys.stderr)  # noqa: T201
    return FAILED_RUNS if failures else 0


def campaign(
    file: Annotated[Path, tyro.conf.Positional],
    output: str | None = None,
    executor: ExecutorName = "local",
    workers: int | None = None,
    address: str | None = None,
    store: str | None = None,
    energy_table: Path | None = None,
) -> int:
    """Run what a TOML file asks for: contenders, seeds, and lists of settings; then compare.

    What has finished is not run again, and what was stopped goes on: to go on with a campaign, or
    to add to one, run it again.

    Args:
        file: seeds = [0, 1], and a table a contender, as [mlp], with settings; a list of values
            stands for a run of each. [all] holds settings of every contender.
        output: folder of the campaign, or URL in an object store; runs/ and the file's name by
            default.
        executor: local, processes of this machine; or ray, a Ray cluster.
        workers: runs at a time; one by default, on a cluster as many as fit.
        address: of the Ray cluster; by default RAY_ADDRESS, or one of this machine's own.
        store: folder or URL where finished runs are noted, to be taken by any campaign that needs
            them; the campaign's own folder by default.
        energy_table: TOML file with what operations cost on a chip; 45 nm CMOS by default.
    """
    from spikeoff.campaign import (
        choose_executor,
        is_race,
        open_output,
        race,
        read_campaign,
        read_race,
        with_threads,
    )  # fmt: skip
    from spikeoff.report.console import output_console

    asked, place = read_campaign(file), choose_executor(executor, workers, address)
    with open_output(output or f"runs/{asked.name}") as folder:
        begun = is_race(folder.root)
        before = read_race(folder.root)[0] if begun else []
        runs = with_threads(asked.entries(folder.root), place.threads, before)
        again = ["campaign", str(file), "--output", folder.shown]
        if energy_table is not None:
            again += ["--energy_table", str(energy_table)]
        failures = race(
            runs, folder, output_console(), energy_table,
            resumed=begun, executor=place, store=store,
            again=_again(again, executor, workers, address, store),
        )  # fmt: skip
    return _failed(failures)


def report(runs: Runs, output: Path = Path(), energy_table: Path | None = None) -> int:
    """Compare finished runs: table, page, CSV and JSON from their folders.

    Args:
        runs: folders of runs, or folders that hold some.
        output: folder for the page and the table.
        energy_table: TOML file with what operations cost on a chip; 45 nm CMOS by default.
    """
    from spikeoff.campaign import show
    from spikeoff.ledger.operation_energy import load_table
    from spikeoff.report.console import output_console
    from spikeoff.runs import find_runs, read_run

    if not runs:
        raise UserError("no run given; name one or more folders of runs")
    table = load_table(energy_table)
    show([read_run(folder) for folder in find_runs(runs)], output, output_console(), table)
    return 0


def data_info(mnist_path: str = "mnist") -> int:
    """Tell what a data set holds: images, digits, and its fingerprint.

    Args:
        mnist_path: data, by name or path.
    """
    from spikeoff.data import load_dataset
    from spikeoff.report.console import output_console
    from spikeoff.report.datasets import dataset_table

    output_console().print(dataset_table(load_dataset(mnist_path)))
    return 0


def data_export(
    file_format: Annotated[Literal["idx", "npz", "pkl.gz"], tyro.conf.arg(name="format")] = "idx",
    output: Path = Path("mnist-files"),
    mnist_path: str = "mnist",
) -> int:
    """Write a data set for other programs.

    Args:
        file_format: idx (the four published files), npz (Keras), or pkl.gz (Theano).
        output: folder to write into.
        mnist_path: data, by name or path.
    """
    from spikeoff.data import load_dataset
    from spikeoff.data.export import export

    for path in export(load_dataset(mnist_path), file_format, output):
        print(path)  # noqa: T201
    return 0


def sensors(seconds: float = 2.0) -> int:
    """Tell which energy sensors this machine has, what they read now, and why others are missing.

    Args:
        seconds: time over which power is read (s).
    """
    from spikeoff.contenders.base import MAX_MEASURING, require
    from spikeoff.report.console import output_console
    from spikeoff.report.sensors import tell_sensors

    require("seconds", seconds, 0 < seconds <= MAX_MEASURING, f"above 0, to {MAX_MEASURING} s")
    tell_sensors(seconds, output_console())
    return 0


def weights(
    data_path: Path = Path("random"),
    n_e: int = 400,
    n_i: int | None = None,
    seed: int = 0,
    overwrite: bool = False,
) -> int:
    """Write the initial weights of the Diehl & Cook network (XeAe, XeAi, AeAi, AiAe).

    Args:
        data_path: folder to write into.
        n_e: excitatory neurons.
        n_i: inhibitory neurons; as many as excitatory ones by default.
        seed: decides every random weight and synapse.
        overwrite: replace files that are there already.
    """
    from spikeoff.contenders.diehl_cook.connections import write_generated

    for path in write_generated(
        data_path, n_e, n_e if n_i is None else n_i, seed, overwrite=overwrite
    ):
        print(path)  # noqa: T201
    return 0


def evaluate(
    save_path: Path = Path("results"),
    mnist_path: str = "mnist",
    n_e: int | None = None,
    n_e2: int = 0,
    num_examples: int | None = None,
    vote: Literal["class-mean", "proportional", "learned"] = "proportional",
) -> int:
    """Evaluate a Diehl & Cook network's responses: labels, votes, errors, assignments.

    Args:
        save_path: folder with result_monitor_final.npy and input_numbers_final.npy.
        mnist_path: data, by name or path.
        n_e: excitatory neurons; those of the files by default.
        n_e2: excitatory neurons of the second layer.
        num_examples: test responses to score; all by default.
        vote: how spikes become a digit in the figures; the table tells all three.
    """
    from spikeoff.evaluation import evaluate as evaluate_responses
    from spikeoff.report.console import output_console

    evaluate_responses(
        save_path, mnist_path, n_e=n_e, n_e2=n_e2, num_examples=num_examples, vote=vote,
        console=output_console(),
    )  # fmt: skip
    return 0


def search() -> int:
    """Find better settings of a contender: spikeoff search CONTENDER --help tells its flags."""
    return _dispatch(["search"])


def export(
    run: Annotated[Path, tyro.conf.Positional],
    file_format: Annotated[Literal["keras", "saved-model"], tyro.conf.arg(name="format")] = "keras",
    output: Path | None = None,
) -> int:
    """Write the network of a finished run of mlp or cnn for Keras and TensorFlow.

    Args:
        run: folder of the run, whichever its engine.
        file_format: keras (a file that keras.models.load_model takes), or saved-model (a folder,
            for TensorFlow Serving and its kin).
        output: where to write; model.keras or saved-model in the run's folder by default.
    """
    from spikeoff.exports import export_run

    print(export_run(run, file_format, output))  # noqa: T201
    return 0


def bench() -> int:
    """Time a contender beside its peers: spikeoff bench CONTENDER --help tells its flags."""
    return _bench([])
