"""Where a campaign runs, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from spikeoff.contenders.field_checks import require
from spikeoff.errors import UserError
from spikeoff.experiments.campaign.local import LocalExecutor

if TYPE_CHECKING:
    from spikeoff.experiments.campaign.campaign_runner import Executor

MAX_WORKERS = 10_000


def choose_executor(
    name: Literal["local", "ray"], workers: int | None, address: str | None
) -> Executor:
    """The executor of that name.

    Args:
        name: local or ray.
        workers: runs at a time; one by default, on a cluster as many as fit.
        address: of the Ray cluster.

    Raises:
        UserError: a value is out of range, or Ray is not installed.
    """
    holds = workers is None or 1 <= workers <= MAX_WORKERS
    require("workers", workers, holds, f"from 1 to {MAX_WORKERS}")
    if name == "ray":
        from spikeoff.experiments.campaign.ray_cluster import RayExecutor  # noqa: PLC0415 (an extra)

        return RayExecutor(address, workers)
    if address is not None:
        raise UserError(f"`address` (={address}) is a Ray cluster's; give --executor ray with it")
    return LocalExecutor(workers or 1)
