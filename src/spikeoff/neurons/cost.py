"""The cost of one update of one neuron, counted from the equations that the engines compute.

Every update counts in full, threshold included, as on hardware that updates every neuron at every
step. Resets are rare and are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from spikeoff.errors import UserError
from spikeoff.neurons import conductance_lif, izhikevich
from spikeoff.neurons.arithmetic import Arithmetic, count


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
    if neuron not in EXAMPLES:
        raise UserError(
            f"`neuron` (={neuron!r}) has no known update cost; known: {', '.join(EXAMPLES)}"
        )
    equation, state, words = EXAMPLES[neuron]
    return UpdateCost(count(equation, *state), words)


def state_bytes(neuron: str, n: int, word: int = 4) -> int:
    """Bytes of the state of ``n`` neurons while an image is shown; a number has ``word``."""
    return word * update_cost(neuron).words * n


def _izhikevich(v: Any, u: Any, i: Any) -> None:
    v, _ = izhikevich.euler(v, u, i, 1.0, izhikevich.REGULAR_SPIKING.constants())
    _ = v >= izhikevich.V_PEAK


def _conductance_lif(v: Any, ge: Any, gi: Any, theta: Any, arriving: Any) -> None:
    constants = conductance_lif.EXCITATORY.constants(0.5, np.float32)
    state = conductance_lif.State(v, ge, gi)
    conductance_lif.step(state, arriving, theta, 1.0, -72.0, constants)


EXAMPLES: dict[str, tuple[Callable[..., None], tuple[float, ...], int]] = {
    "izhikevich": (_izhikevich, (-65.0, -13.0, 5.0), 2),
    conductance_lif.NAME: (_conductance_lif, (-65.0, 0.1, 0.1, 20.0, 0.1), 3),
}
"""Each neuron's update, a state and input to count it at, and its 32-bit words of state."""
