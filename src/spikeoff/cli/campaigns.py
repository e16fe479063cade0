"""``spikeoff compare`` and ``spikeoff campaign``: many runs, then their comparison."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from spikeoff.cli.execution import Execution
from spikeoff.cli.race_flags import RaceFlags, exit_status

if TYPE_CHECKING:
    from spikeoff.experiments.campaign import Entry


def compare(
    contenders: tuple[str, ...] = (),
    twins: bool = True,
    race: Annotated[RaceFlags, tyro.conf.OmitArgPrefixes] = RaceFlags(),  # noqa: B008
    execution: Annotated[Execution, tyro.conf.OmitArgPrefixes] = Execution(),  # noqa: B008
) -> int:
    """Run every contender on the same images, split and seeds, then compare them.

    Args:
        contenders: contenders to compare; by default all, and with --augment all that have it.
            `spikeoff compare mlp cnn` means the same.
        twins: add the conventional twin of each spiking contender: a network without spikes, with
            the same layers and synapses.
        race: what all runs have in common.
        execution: how they execute.
    """

    def begin(folder: Path) -> list[Entry]:
        from spikeoff.contenders.registry import find, names
        from spikeoff.experiments.campaign import entries

        common = race.common()
        fitting = [one for one in names() if all(hasattr(find(one).config_type, k) for k in common)]
        return entries(contenders or fitting, race.seeds, race.preset, common, folder, twins=twins)

    return race.run("compare", begin, execution, changed=bool(contenders) or not twins)


def campaign(
    file: Annotated[Path, tyro.conf.Positional],
    output: str | None = None,
    energy_table: Path | None = None,
    execution: Annotated[Execution, tyro.conf.OmitArgPrefixes] = Execution(),  # noqa: B008
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
        energy_table: TOML file with the energy of each operation on a chip; 45 nm CMOS by default.
        execution: how the runs execute.
    """
    from spikeoff.console import output_console
    from spikeoff.experiments.campaign import (
        is_race,
        open_output,
        race,
        read_campaign,
        read_race,
        resumable_here,
        with_threads,
    )
    from spikeoff.ledger.environment import available_cores

    asked = read_campaign(file)
    place = execution.choose_executor()
    table = () if energy_table is None else ("--energy_table", str(energy_table))
    with open_output(output or f"runs/{asked.name}") as folder:
        begun = is_race(folder.root)
        before = read_race(folder.root)[0] if begun else []
        if not place.elsewhere:
            before = resumable_here(before, cores=available_cores())
        runs = with_threads(asked.entries(folder.root), place.threads, before)
        failures = race(
            runs, folder, output_console(), energy_table,
            resumed=begun, executor=place, store=execution.store,
            again=execution.again("campaign", str(file), "--output", folder.shown, *table),
        )  # fmt: skip
    return exit_status(failures)
