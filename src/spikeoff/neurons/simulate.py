"""A single Izhikevich neuron under a given current: voltage trace and spike times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeoff.errors import UserError
from spikeoff.neurons.izhikevich import IzhikevichParams, State, advance, fire


@dataclass(frozen=True)
class Trace:
    """What a neuron did: times (ms), v (mV), u (mV/ms), and its spike times (ms)."""

    times: NDArray[np.float64]
    v: NDArray[np.float64]
    u: NDArray[np.float64]
    spike_times: NDArray[np.float64]


def simulate(
    params: IzhikevichParams,
    current: ArrayLike,
    dt: float,
    state: tuple[float, float] | None = None,
) -> Trace:
    """Drive one neuron with ``current`` (mV/ms, a value a step of ``dt`` ms).

    Starts from ``state`` (v, u), by default v = -70 mV, u = b v, where the published figures
    start. v is drawn at its peak in the step of a spike, as in the paper.

    Raises:
        UserError: ``dt`` is no positive number.
    """
    if not dt > 0:
        raise UserError(f"`dt` (={dt}) must be above 0 ms")
    p = params.constants(dt)
    now = State(*state) if state is not None else State(-70.0, params.b * -70.0)
    drive = np.atleast_1d(np.asarray(current, dtype=np.float64))
    trace_v, trace_u, spike_times = np.empty(len(drive)), np.empty(len(drive)), []
    for step, i in enumerate(drive.tolist()):
        reached = advance(now, i, p)
        now, spike = fire(reached, p)
        trace_v[step] = min(reached.v, p.v_peak)
        trace_u[step] = now.u
        if spike:
            spike_times.append((step + 1) * dt)
    times = dt * np.arange(1, len(drive) + 1, dtype=np.float64)
    return Trace(times, trace_v, trace_u, np.array(spike_times))
