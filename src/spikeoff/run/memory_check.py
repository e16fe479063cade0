"""Checks that a run fits into memory before it takes any."""

from __future__ import annotations

import psutil

from spikeoff.contenders.base import Config, Contender
from spikeoff.data import Split
from spikeoff.errors import UserError
from spikeoff.ledger.limits import free_memory


def check_memory(kind: type[Contender], config: Config, parts: Split) -> None:
    """Refuse a run that needs more memory than there is.

    Raises:
        UserError: with what it needs, what there is, and which settings to lower.
    """
    needed = kind.memory_needed(config, len(parts.train), parts.spec)
    there = available_bytes()
    if needed is not None and needed > there:
        raise UserError(
            f"{kind.id} needs about {needed / 2**30:.1f} GiB of memory with these settings, and "
            f"{there / 2**30:.1f} GiB are free; lower {kind.memory_grows_with}"
        )


def available_bytes() -> int:
    """Memory that this process can still get: of the machine, or of its control groups if less."""
    free = int(psutil.virtual_memory().available)
    limited = free_memory()
    return free if limited is None else min(free, limited)
