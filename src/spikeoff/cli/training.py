"""``spikeoff train``: one contender, from the beginning or from where it was stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from spikeoff.cli.diehl_cook import evaluate
from spikeoff.errors import UserError
from spikeoff.flag_parsing import run_parser

if TYPE_CHECKING:
    from spikeoff.contenders.base import Config

DeviceName = Literal["auto", "cpu", "cuda", "mps"]


@dataclass(frozen=True, kw_only=True)
class TrainFlags:
    """Flags of ``train`` in addition to the contender's settings."""

    config: Path | None = None
    """TOML file with settings, such as best.toml of a search; flags override it."""


def train() -> int:
    """Train one contender: spikeoff train CONTENDER --help lists the flags."""
    return run_train([])


def run_train(given: list[str]) -> int:
    """``train CONTENDER`` or ``train --resume DIR``."""
    resuming = any(flag.partition("=")[0] == "--resume" for flag in given)
    return _resume(given) if resuming else _begin(given)


def _begin(given: list[str]) -> int:
    """``train CONTENDER``: the flags are those of the contender's configuration."""
    from spikeoff.contenders.registry import names

    if not given or given[0] in ("-h", "--help"):
        print(  # noqa: T201
            "usage: spikeoff train CONTENDER [flags]\n"
            "       spikeoff train --resume DIR [--num_threads N] [--device D] [--mnist_path P]"
            "\n\n"
            f"CONTENDER is one of: {', '.join(names())};\n"
            "or a PyTorch module of your own: my_package:MyNet; or a NIR graph: network.nir\n"
            "Its flags: spikeoff train CONTENDER --help\n"
            "DIR is the folder of a run that was stopped; it goes on as if it had not been"
        )
        return 0
    name, config = _configured(given)
    from spikeoff.console import output_console
    from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
    from spikeoff.experiments import training
    from spikeoff.ledger.operation_energy import load_table
    from spikeoff.report.energy_table import energy_table
    from spikeoff.report.race_table import terminal_table
    from spikeoff.report.time_table import time_table

    console = output_console()
    if isinstance(config, DiehlCookConfig) and config.test_mode:
        from spikeoff.experiments.test_mode import test_only

        folder = test_only(config, console)
        vote = config.tuning.vote
        return evaluate(folder, config.mnist_path, num_examples=config.num_examples, vote=vote)
    record = training.train(name, config)
    console.print(terminal_table([record]))
    console.print(time_table([record]))
    console.print(energy_table([record], load_table()))
    console.print(str(record.folder), highlight=False, soft_wrap=True)
    return 0


def _configured(given: list[str]) -> tuple[str, Config]:
    """The named contender and its configuration: a settings file, overridden by flags."""
    from spikeoff.contenders.registry import find, parse

    (name, engine), flags = parse(given[0]), given[1:]
    if engine is not None:
        flags = ["--engine", engine, *flags]
    kind = find(name).config_type
    from spikeoff.contenders.flags import config_file, parse_flags
    from spikeoff.contenders.settings_file import read_settings

    path = config_file(flags)
    held = read_settings(path, name, kind) if path else {}
    _, settings = parse_flags(TrainFlags, kind, flags, prog=f"spikeoff train {name}", defaults=held)
    return name, kind(**settings)


def _resume(given: list[str]) -> int:
    """``train --resume DIR``: all settings that decide the results come from DIR."""
    from spikeoff.contenders.registry import label, names, parse

    contender, named_engine = parse(given[0])
    if contender in names() or ":" in contender:
        given = given[1:]
    else:
        contender, named_engine = "", None
    (folder, num_threads, device, engine, paths), others = run_parser(
        lambda: tyro.cli(
            _resumed, args=given, prog="spikeoff train", use_underscores=True,
            return_unknown_args=True,
        ),
        "spikeoff train",
    )  # fmt: skip
    if others:
        raise UserError(
            f"`{others[0]}` cannot be given with --resume: a run goes on as it began; only "
            "--num_threads and --device may change, and where its data are (--mnist_path, "
            "--data_path)"
        )
    from spikeoff.console import output_console
    from spikeoff.experiments.training import resume
    from spikeoff.report.race_table import terminal_table
    from spikeoff.run.run_record import read_config

    if contender or engine:
        held, settings, _ = read_config(folder)
        began = settings.get("engine")
        asked = label(contender or held, engine or named_engine or began)
        if asked != label(held, began):
            raise UserError(
                f"{folder}: holds a run of {label(held, began)}, not of {asked}; leave the name "
                "and the engine out"
            )
    record = resume(folder, num_threads=num_threads, device=device, paths=paths)
    console = output_console()
    console.print(terminal_table([record]))
    console.print(str(record.folder), highlight=False, soft_wrap=True)
    return 0


def _resumed(
    resume: Path,
    num_threads: int | None = None,
    device: DeviceName | None = None,
    engine: str | None = None,
    mnist_path: str | None = None,
    data_path: Path | None = None,
) -> tuple[Path, int | None, DeviceName | None, str | None, dict[str, str | Path]]:
    """Continue a stopped run.

    Args:
        resume: folder of the run.
        num_threads: CPU threads from now on.
        device: device to compute on from now on.
        engine: engine of the run; another engine cannot continue it.
        mnist_path: where its data set is now, if it was moved.
        data_path: where the initial weights of a Diehl & Cook network are now.
    """
    named = {"mnist_path": mnist_path, "data_path": data_path}
    paths = {name: path for name, path in named.items() if path is not None}
    return resume, num_threads, device, engine, paths
