"""A layer of Izhikevich neurons in PyTorch: the readable reference, on any device.

Three choices make the gradient through 50 steps useful:

- A spike's derivative is a surrogate (``learning.surrogate``) of v - v_peak.
- The reset is held constant: the gradient does not ask what would have been without the spike.
- The slope dv[t+1]/dv[t] = 1 + dt (0.08 v + 5) is bounded to [0, max_slope]. In the upstroke it
  reaches 8.4, and products of it over steps drown everything else.

The values of the forward pass are untouched by all three. v is kept from falling below
``v_floor``: forward Euler with a step of 1 ms jumps from under -128.6 mV (at u = I = 0) to above
the peak, which would make strongly inhibited neurons fire.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from spikeoff.learning import surrogate as surrogates
from spikeoff.learning.surrogate import Surrogate
from spikeoff.neurons.izhikevich import IzhikevichParams, euler, euler_slope, reset


class Spike(torch.autograd.Function):
    """1 where x >= 0, else 0; its derivative is a surrogate."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        slope: Callable[[torch.Tensor, float], torch.Tensor],
        width: float,
    ) -> torch.Tensor:
        """Spikes of the precision of ``x`` = v - v_peak (mV)."""
        ctx.save_for_backward(x)
        ctx.slope, ctx.width = slope, width
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        """The gradient by ``x``."""
        (x,) = ctx.saved_tensors
        return gradients[0] * ctx.slope(x, ctx.width), None, None


def izhikevich_layer(
    currents: torch.Tensor,
    params: IzhikevichParams,
    dt: float,
    surrogate: Surrogate,
    width: float,
    max_slope: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Run the layer through all steps.

    Args:
        currents: [n, steps, neurons] input currents (mV/ms), the bias in them.
        params: the firing pattern.
        dt: step (ms).
        surrogate: which derivative stands in for the spike's.
        width: its width (mV).
        max_slope: bound of dv[t+1]/dv[t] in the backward pass.

    Returns:
        Spikes and membrane potential before reset (mV), both [n, steps, neurons].
    """
    p = params.constants()
    slope = getattr(surrogates, surrogate)
    v, u = (torch.full_like(currents[:, 0], start) for start in params.rest())
    spikes, trace = [], []
    for step in range(currents.shape[1]):
        bounded = euler_slope(v.detach(), dt, p).clamp(0.0, max_slope)
        v_next, u_next = euler(v.detach(), u, currents[:, step], dt, p)
        v_next = v_next + bounded * (v - v.detach())
        u_next = u_next + dt * p.a * p.b * (v - v.detach())
        spike = Spike.apply(v_next - p.v_peak, slope, width)  # type: ignore[no-untyped-call]
        spikes.append(spike)
        trace.append(v_next)
        v, u = reset(v_next.clamp(min=p.v_floor), u_next, spike.detach(), p)
    return torch.stack(spikes, 1), torch.stack(trace, 1)
