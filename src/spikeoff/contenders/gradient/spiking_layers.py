"""What is fixed about the layers of a spiking network, whichever backend computes them."""

from __future__ import annotations

from dataclasses import dataclass

from spikeoff.learning.surrogate import Surrogate
from spikeoff.neurons.models import Params


@dataclass(frozen=True)
class SpikingLayers:
    """The neurons of every layer, and how gradients pass them.

    params: of the neurons of each layer, those of the output last.
    dt: step (ms).
    surrogate, width (mV), max_slope: the backward pass, see ``neurons.torch_layer``.
    """

    params: tuple[Params, ...]
    dt: float
    surrogate: Surrogate
    width: float
    max_slope: float

    @property
    def rule(self) -> tuple[float, Surrogate, float, float]:
        """What every layer's backward pass takes: dt, surrogate, width, max_slope."""
        return self.dt, self.surrogate, self.width, self.max_slope
