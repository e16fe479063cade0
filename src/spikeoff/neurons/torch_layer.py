"""A layer of neurons in PyTorch: the readable reference, for any model, on any device.

Three choices make the gradient through 50 steps useful:

- A spike's derivative is a surrogate (``learning.surrogate``) of v less the threshold.
- The reset is held constant: the gradient does not ask what would have been without the spike.
- The slope dv[t+1]/dv[t] is bounded to [0, max_slope]. In the upstroke of an Izhikevich neuron,
  1 + dt (0.08 v + 5) reaches 8.4, and products of it over steps drown everything else.

The values of the forward pass are untouched by all three.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from spikeoff.learning import surrogate as surrogates
from spikeoff.learning.surrogate import Surrogate
from spikeoff.neurons.elementwise import at_least, at_most
from spikeoff.neurons.models import Params, model_of


class Spike(torch.autograd.Function):
    """Passes spikes on, whose derivative by x, v less the threshold, is a surrogate."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        fired: torch.Tensor,
        slope: Callable[[torch.Tensor, float], torch.Tensor],
        width: float,
    ) -> torch.Tensor:
        """Spikes, 1 where ``fired``, in the precision of ``x`` (mV)."""
        ctx.save_for_backward(x)
        ctx.slope, ctx.width = slope, width
        return fired.to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        """The gradient by ``x``."""
        (x,) = ctx.saved_tensors
        return gradients[0] * ctx.slope(x, ctx.width), None, None, None


def neuron_layer(
    currents: torch.Tensor,
    params: Params,
    dt: float,
    surrogate: Surrogate,
    width: float,
    max_slope: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Run the layer through all steps.

    Args:
        currents: [n, steps, neurons] input currents (mV/ms), the bias in them.
        params: of the neurons; their type tells the model.
        dt: step (ms).
        surrogate: which derivative stands in for the spike's.
        width: its width (mV).
        max_slope: bound of dv[t+1]/dv[t] in the backward pass.

    Returns:
        Spikes and membrane potential before reset (mV), both [n, steps, neurons].
    """
    p = params.constants(dt)
    model = model_of(type(p))
    surrogate_slope = getattr(surrogates, surrogate)
    state = model.State(*(torch.full_like(currents[:, 0], start) for start in params.rest()))
    spikes, trace = [], []
    for step in range(currents.shape[1]):
        held = state.v.detach()
        slope = model.slope(held, p)
        too_steep = slope - at_least(at_most(slope, max_slope), 0.0)
        reached = model.advance(state, currents[:, step], p)
        reached = reached._replace(v=reached.v - too_steep * (state.v - held))
        state, fired = model.fire(reached, p)
        x = model.excess(reached.v, p)
        spikes.append(Spike.apply(x, fired, surrogate_slope, width))  # type: ignore[no-untyped-call]
        trace.append(reached.v)
    return torch.stack(spikes, 1), torch.stack(trace, 1)
