"""The ways in which the runs of a campaign execute, here or on a cluster."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from spikeoff.experiments.campaign.campaign_runner import Executor

ExecutorName = Literal["local", "ray"]


@dataclass(frozen=True)
class Execution:
    """How the runs execute. This changes no result, so it may change when a campaign continues."""

    executor: ExecutorName = "local"
    """local, processes on this machine; or ray, a Ray cluster."""
    workers: int | None = None
    """Number of runs at a time. By default one, whose times and energy are measured alone; two for
    the preset quick, where two or more cores compute and no sensor measures their energy; on a
    cluster, as many as fit."""
    address: str | None = None
    """Address of the Ray cluster; by default RAY_ADDRESS, or a new cluster on this machine."""
    store: str | None = None
    """Folder or URL with the list of finished runs, which several campaigns can share; by default
    the folder of the campaign."""

    def choose_executor(self) -> Executor:
        """The executor that the flags ask for."""
        from spikeoff.experiments.campaign import choose_executor

        return choose_executor(self.executor, self.workers, self.address)

    def or_else(self, workers: int) -> Execution:
        """The same with so many runs at a time where no flag says how many, on this machine."""
        named = self.workers is not None or self.executor != "local" or self.address is not None
        return self if named or workers == 1 else replace(self, workers=workers)

    def again(self, *command: str) -> str:
        """``command`` with these flags: goes on with a campaign in the same way."""
        flags = {"workers": self.workers, "address": self.address, "store": self.store}
        if self.executor != "local":
            flags = {"executor": self.executor, **flags}
        given = ((f"--{name}", str(value)) for name, value in flags.items() if value is not None)
        return shlex.join(["spikeoff", *command, *(word for pair in given for word in pair)])
