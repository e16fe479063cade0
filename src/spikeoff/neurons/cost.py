"""The cost of one update of one neuron, counted from the equations that the engines compute.

Every update counts in full, threshold included, as on hardware that updates every neuron at every
step. Resets are rare and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from spikeoff.neurons.arithmetic import Arithmetic, count
from spikeoff.neurons.models import model


@dataclass(frozen=True)
class UpdateCost:
    """One update of one neuron.

    arithmetic: its operations.
    words: 32-bit numbers of state, each read and written.
    """

    arithmetic: Arithmetic
    words: int


@cache
def update_cost(neuron: str) -> UpdateCost:
    """The cost of one update of the named neuron.

    Raises:
        UserError: there is no such neuron.
    """
    found = model(neuron)
    return UpdateCost(count(found.update), len(found.State._fields))


def state_bytes(neuron: str, n: int, word: int = 4) -> int:
    """Bytes of the state of ``n`` neurons while an image is shown; a number has ``word``."""
    return word * update_cost(neuron).words * n
