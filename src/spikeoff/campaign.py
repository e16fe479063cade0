"""A race: contenders times seeds, each run in a process of its own, and the comparison."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from spikeoff.contenders.base import Config
from spikeoff.contenders.presets import Preset, preset_config
from spikeoff.contenders.registry import find
from spikeoff.data import load_dataset, split
from spikeoff.errors import UserError, one_line
from spikeoff.ledger.operation_energy import EnergyTable, load_table
from spikeoff.report.energy import energy_table as energy_table_of
from spikeoff.report.groups import check_one_race, group
from spikeoff.report.page import write_comparison
from spikeoff.report.table import terminal_table
from spikeoff.report.times import time_table
from spikeoff.report.verdict import say, verdicts
from spikeoff.runs import RunRecord, read_run
from spikeoff.training.session import run


@dataclass(frozen=True)
class Entry:
    """One run of the race."""

    contender: str
    config: Config


def entries(
    contenders: Sequence[str],
    seeds: Sequence[int],
    preset: Preset,
    common: dict[str, Any],
    output: Path,
) -> list[Entry]:
    """The runs of a race, seed by seed, each into ``output/<contender>/seed-<n>``.

    Raises:
        UserError: an unknown contender, one named twice, or a value that a configuration refuses.
    """
    for what, chosen in (("contenders", contenders), ("seeds", seeds)):
        if not chosen:
            raise UserError(f"`{what}` is empty; name at least one")
        twice = [one for one in chosen if list(chosen).count(one) > 1]
        if twice:
            raise UserError(f"`{what}` names {twice[0]} twice; once is enough")
    result = []
    for seed in seeds:
        for name in contenders:
            config = preset_config(find(name), preset)
            path = output / name / f"seed-{seed}"
            result.append(Entry(name, replace(config, seed=seed, save_path=path, **common)))
    return result


def race(
    runs: Sequence[Entry], output: Path, console: Console, energy_table: Path | None = None
) -> list[str]:
    """Run everything one after another, then write the comparison into ``output``.

    Each run has a process of its own, so that its memory and its caches are its own, and a failed
    one stops no other.

    Args:
        runs: what runs, in this order.
        output: folder of the comparison.
        console: where progress and the table go.
        energy_table: TOML file with what operations cost; 45 nm CMOS without one.

    Returns:
        The failures, a line each.

    Raises:
        UserError: no run came through.
    """
    _check_data(runs[0].config)
    table = load_table(energy_table)
    records: list[RunRecord] = []
    failures: list[str] = []
    for number, entry in enumerate(runs, 1):
        name = f"{entry.contender} seed {entry.config.seed}"
        console.print(f"[bold]run {number}/{len(runs)}[/bold]  {name}", highlight=False)
        try:
            records.append(_in_own_process(entry))
        except (UserError, BrokenProcessPool) as error:
            failures.append(f"{name}: {one_line(error, 400)}")
            console.print(f"failed: {one_line(error, 400)}", style="red", highlight=False)
        else:
            summary = records[-1].summary
            console.print(
                f"         test accuracy {100 * summary['accuracy']['test']:.2f} %, "
                f"trained in {summary['time']['train_s']:.1f} s",
                highlight=False,
            )
    if not records:
        raise UserError(f"no run came through; the first failure: {failures[0]}")
    show(records, output, console, table)
    return failures


def show(
    records: Sequence[RunRecord], output: Path, console: Console, energy_table: EnergyTable
) -> None:
    """Print the table and the verdicts, and write the comparison into ``output``."""
    check_one_race(records)
    ordered = sorted(records, key=lambda record: (record.contender, record.seed))
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


def _in_own_process(entry: Entry) -> RunRecord:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        folder = pool.submit(_run_entry, entry).result()
    return read_run(folder)


def _run_entry(entry: Entry) -> Path:
    try:
        return run(entry.contender, entry.config).folder
    except UserError:
        raise
    except Exception as error:
        where = entry.config.save_path
        raise UserError(
            f"{type(error).__name__}: {one_line(error)}; see the log in {where}"
        ) from None
