"""What it costs to update a neuron once, counted from its equations.

Every update of a step counts in full, threshold and all, as on hardware without a shortcut for
neurons at rest; resets are rare and left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from spikeoff.kernels.spiking_layer import advance
from spikeoff.ledger.arithmetic import Arithmetic, count
from spikeoff.ledger.operations import Neuron
from spikeoff.neurons.conductance_lif import EXCITATORY
from spikeoff.neurons.izhikevich import REGULAR_SPIKING, V_PEAK, euler


@dataclass(frozen=True)
class UpdateCost:
    """One update of one neuron.

    arithmetic: its operations.
    words: 32-bit numbers of state, each read and written.
    """

    arithmetic: Arithmetic
    words: int


@cache
def update_cost(neuron: Neuron) -> UpdateCost:
    """The cost of an update: of Izhikevich's neuron, or of Diehl and Cook's."""
    if neuron == "izhikevich":
        return UpdateCost(count(_izhikevich, -65.0, -13.0, 5.0), words=2)
    return UpdateCost(count(_conductance, -65.0, 0.1, 0.1, 20.0, 0.1), words=3)


def state_bytes(neuron: Neuron, n: int, word: int = 4) -> int:
    """Bytes of the state of ``n`` neurons while an image is shown; a number has ``word``."""
    return word * update_cost(neuron).words * n


def _izhikevich(v: Any, u: Any, i: Any) -> None:
    v, _ = euler(v, u, i, 1.0, REGULAR_SPIKING.constants())
    _ = v >= V_PEAK


def _conductance(v: Any, ge: Any, gi: Any, theta: Any, arriving: Any) -> None:
    constants = EXCITATORY.constants(0.5, np.float32)
    advance([v], [ge], [gi], [theta], 1.0, -72.0, [arriving], constants)
