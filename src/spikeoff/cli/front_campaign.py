"""``spikeoff front``: families of networks in several sizes, compared at equal accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from spikeoff.cli.execution import Execution
from spikeoff.cli.race_flags import RaceFlags

if TYPE_CHECKING:
    from spikeoff.experiments.campaign import Entry


def front(
    families: tuple[str, ...] = (),
    race: Annotated[RaceFlags, tyro.conf.OmitArgPrefixes] = RaceFlags(),  # noqa: B008
    execution: Annotated[Execution, tyro.conf.OmitArgPrefixes] = Execution(),  # noqa: B008
) -> int:
    """Run each family of networks in several sizes, then compare them at equal accuracy.

    A spiking network is compared with the cheapest conventional network of the same accuracy,
    interpolated between the sizes that ran.

    Args:
        families: families to run, such as mlp izhikevich-stdp; by default mlp and the three
            Izhikevich networks. cnn and diehl-cook have sizes too, and take longer. `spikeoff
            front mlp cnn` means the same.
        race: what all runs have in common.
        execution: how they execute.
    """

    def begin(folder: Path) -> list[Entry]:
        from spikeoff.contenders.family_sizes import DEFAULT
        from spikeoff.experiments.campaign import front_entries

        return front_entries(families or DEFAULT, race.seeds, race.preset, race.common(), folder)

    return race.run("front", begin, execution, changed=bool(families))
