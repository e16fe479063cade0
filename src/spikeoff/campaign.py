"""A race: contenders times seeds, each run in a process of its own, and the comparison."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from spikeoff.contenders.base import Config
from spikeoff.contenders.fields import from_plain
from spikeoff.contenders.presets import Preset, labelled_config
from spikeoff.contenders.registry import find, label, parse
from spikeoff.data import load_dataset, split
from spikeoff.errors import UserError, one_line
from spikeoff.files import write_text
from spikeoff.ledger.operation_energy import EnergyTable, load_table
from spikeoff.report.energy import energy_table as energy_table_of
from spikeoff.report.groups import check_one_race, group
from spikeoff.report.page import write_comparison
from spikeoff.report.table import terminal_table
from spikeoff.report.times import time_table
from spikeoff.report.verdict import say, verdicts
from spikeoff.runs import CONFIG, STARTED_IN, RunRecord, plain, read_json, read_run
from spikeoff.training.session import resume, run
from spikeoff.training.signals import Interrupted, Passed, leave_to_parent, passed_on

RACE = "race.json"
RUN_KEYS = ("contender", "config")


@dataclass(frozen=True)
class Entry:
    """One run of the race."""

    contender: str
    config: Config

    @property
    def label(self) -> str:
        """Its name in the race."""
        return label(self.contender, getattr(self.config, "engine", None))


def entries(
    contenders: Sequence[str],
    seeds: Sequence[int],
    preset: Preset,
    common: dict[str, Any],
    output: Path,
) -> list[Entry]:
    """The runs of a race, seed by seed, each into ``output/<label>/seed-<n>``.

    A contender may be named with an engine, as in ``mlp@tensorflow``.

    Raises:
        UserError: an unknown contender, one named twice, or a value that a configuration refuses.
    """
    contenders = [label(*parse(one)) for one in contenders]
    for what, chosen in (("contenders", contenders), ("seeds", seeds)):
        if not chosen:
            raise UserError(f"`{what}` is empty; name at least one")
        twice = [one for one in chosen if list(chosen).count(one) > 1]
        if twice:
            raise UserError(f"`{what}` names {twice[0]} twice; once is enough")
    result = []
    for seed in seeds:
        for one in contenders:
            name, config = labelled_config(one, preset)
            path = output / one / f"seed-{seed}"
            result.append(Entry(name, replace(config, seed=seed, save_path=path, **common)))
    return result


def read_race(folder: Path) -> tuple[list[Entry], Path | None]:
    """The runs of the race in ``folder``, and its energy table.

    Raises:
        UserError: there is none, or its ``race.json`` is damaged.
    """
    path = folder / RACE
    if not path.is_file():
        raise UserError(f"{folder}: no race in this folder ({RACE} is missing)")
    content = read_json(path)
    runs, table, started_in = (content.get(key) for key in ("runs", "energy_table", STARTED_IN))
    damaged = UserError(f"{path}: not the runs of a race; start it again in another folder")
    if not isinstance(runs, list) or not runs or not isinstance(started_in, str):
        raise damaged
    result = []
    for one in runs:
        name, settings = (one.get(key) if isinstance(one, dict) else None for key in RUN_KEYS)
        if not isinstance(name, str) or not isinstance(settings, dict):
            raise damaged
        config = from_plain(find(name).config_type, settings).moved(Path(started_in))
        entry = Entry(name, config)
        where = folder / entry.label / f"seed-{config.seed}"
        result.append(replace(entry, config=replace(config, save_path=where)))
    return result, Path(started_in) / table if isinstance(table, str) else None


def _write_race(runs: Sequence[Entry], output: Path, energy_table: Path | None) -> None:
    path = output / RACE
    if path.exists():
        raise UserError(
            f"{output}: holds a race already; go on with spikeoff compare --resume {output}, or "
            "name another folder"
        )
    content = {
        "runs": [dict(zip(RUN_KEYS, (e.contender, plain(e.config)), strict=True)) for e in runs],
        "energy_table": None if energy_table is None else str(energy_table),
        STARTED_IN: str(Path.cwd()),
    }
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def race(
    runs: Sequence[Entry],
    output: Path,
    console: Console,
    energy_table: Path | None = None,
    *,
    resumed: bool = False,
) -> list[str]:
    """Run everything one after another, then write the comparison into ``output``.

    Each run has a process of its own, so that its memory and its caches are its own, and a failed
    one stops no other.

    Args:
        runs: what runs, in this order.
        output: folder of the comparison.
        console: where progress and the table go.
        energy_table: TOML file with what operations cost; 45 nm CMOS without one.
        resumed: the race was stopped: finished runs are read, the one that was stopped goes on.

    Returns:
        The failures, a line each.

    Raises:
        UserError: no run came through.
        Interrupted: the race was asked to stop.
    """
    _check_data(runs[0].config)
    table = load_table(energy_table)
    if not resumed:
        _write_race(runs, output, energy_table)
    with passed_on() as signals:
        records, failures = _run_all(runs, console, signals, output, resumed)
    if not records:
        raise UserError(f"no run came through; the first failure: {failures[0]}")
    show(records, output, console, table)
    return failures


def _run_all(
    runs: Sequence[Entry], console: Console, signals: Passed, output: Path, resumed: bool
) -> tuple[list[RunRecord], list[str]]:
    """The runs that came through, and the failures of the others, a line each."""
    records: list[RunRecord] = []
    failures: list[str] = []
    for number, entry in enumerate(runs, 1):
        name = f"{entry.label} seed {entry.config.seed}"
        console.print(f"[bold]run {number}/{len(runs)}[/bold]  {name}", highlight=False)
        try:
            records.append(_in_own_process(entry, resumed))
        except Interrupted as stop:
            raise Interrupted(signals.heard or stop.signum, output) from None
        except (UserError, BrokenProcessPool) as error:
            if signals.heard is not None:
                raise Interrupted(signals.heard, output) from None
            failures.append(f"{name}: {one_line(error, 400)}")
            console.print(f"failed: {one_line(error, 400)}", style="red", highlight=False)
        else:
            summary = records[-1].summary
            console.print(
                f"         test accuracy {100 * summary['accuracy']['test']:.2f} %, "
                f"trained in {summary['time']['train_s']:.1f} s",
                highlight=False,
            )
    return records, failures


def show(
    records: Sequence[RunRecord], output: Path, console: Console, energy_table: EnergyTable
) -> None:
    """Print the table and the verdicts, and write the comparison into ``output``."""
    check_one_race(records)
    ordered = sorted(records, key=lambda record: (record.label, record.seed))
    console.print(terminal_table(ordered))
    console.print(time_table(ordered))
    console.print(energy_table_of(ordered, energy_table))
    for verdict in verdicts(group(ordered), energy_table):
        console.print(say(verdict), highlight=False)
    for path in write_comparison(ordered, output, energy_table):
        console.print(str(path), highlight=False, soft_wrap=True)


def _check_data(config: Config) -> None:
    """Let a mistake about the data show at once, before anything runs."""
    dataset = load_dataset(config.mnist_path)
    split(dataset, seed=config.seed, n_validation=config.n_validation, n_train=config.n_train)


def _in_own_process(entry: Entry, resumed: bool) -> RunRecord:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=leave_to_parent) as pool:
        folder = pool.submit(_run_entry, entry, resumed).result()
    return read_run(folder)


def _run_entry(entry: Entry, resumed: bool) -> Path:
    try:
        path = entry.config.save_path
        if resumed and path is not None and (path / CONFIG).is_file():
            return resume(path).folder
        return run(entry.contender, entry.config).folder
    except UserError:
        raise
    except Exception as error:
        where = entry.config.save_path
        raise UserError(
            f"{type(error).__name__}: {one_line(error)}; see the log in {where}"
        ) from None
