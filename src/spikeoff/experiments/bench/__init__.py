"""Speed, side by side with peers: the verb ``bench``.

A module a contender, whose function ``bench`` has the flags.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from spikeoff.errors import UserError

MODULES = {
    "diehl-cook": "spikeoff.experiments.bench.diehl_cook",
    "izhikevich-gradient": "spikeoff.experiments.bench.izhikevich_gradient",
    "mlp": "spikeoff.experiments.bench.mlp",
    "cnn": "spikeoff.experiments.bench.cnn",
}


def find_bench(contender: str) -> Callable[..., None]:
    """The function that measures this contender.

    Raises:
        UserError: there is none.
    """
    if contender not in MODULES:
        raise UserError(
            f"{contender!r} has no benchmark; those that have one: {', '.join(MODULES)}"
        )
    function: Callable[..., None] = import_module(MODULES[contender]).bench
    return function
