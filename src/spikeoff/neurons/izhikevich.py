"""The Izhikevich neuron: two equations, a reset, and named firing patterns.

    dv/dt = 0.04 v^2 + 5 v + 140 - u + I
    du/dt = a (b v - u)
    when v >= 30 mV:  v <- c,  u <- u + d

with v in mV, t in ms, and u and I in mV/ms.

The functions are plain arithmetic without literals: PyTorch calls them on tensors, NumPy on
arrays, and Numba and Triton compile them into kernels, where every number keeps the precision of
the constants.

A step of 1 ms is long for forward Euler: from under -128.6 mV (at u = I = 0) it jumps to above the
peak, which would make strongly inhibited neurons fire. So v does not fall below ``V_FLOOR``.

Source: E. M. Izhikevich, "Simple model of spiking neurons", IEEE Transactions on Neural Networks
14(6), 2003; parameters of the patterns from its figure 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from spikeoff.errors import UserError
from spikeoff.neurons.elementwise import at_least, at_most, select

if TYPE_CHECKING:
    from collections.abc import Callable

V_PEAK = 30.0  # mV: where a spike is cut off and the neuron reset
V_FLOOR = -90.0  # mV: the reversal potential of potassium, near which real membranes stop


class State(NamedTuple):
    """v: membrane potential (mV); u: recovery (mV/ms)."""

    v: Any
    u: Any


class Constants(NamedTuple):
    """All numbers of the equations, in one precision, as kernels and tensors take them."""

    a: Any
    b: Any
    c: Any
    d: Any
    quadratic: Any
    linear: Any
    constant: Any
    v_peak: Any
    v_floor: Any
    dt: Any
    one: Any
    zero: Any


@dataclass(frozen=True)
class IzhikevichParams:
    """A firing pattern.

    a: rate of recovery (1/ms), > 0.
    b: sensitivity of the recovery to the membrane potential (1/ms).
    c: membrane potential after a spike (mV), below the 30 mV of the peak.
    d: what a spike adds to the recovery (mV/ms).
    """

    a: float
    b: float
    c: float
    d: float

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value):
                raise UserError(f"Izhikevich `{field.name}` (={value}) must be a finite number")
        if self.a <= 0:
            raise UserError(f"Izhikevich `a` (={self.a}) must be above 0: u would never recover")
        if not V_FLOOR <= self.c < V_PEAK:
            raise UserError(
                f"Izhikevich `c` (={self.c}) must lie from {V_FLOOR} to below the peak, {V_PEAK} mV"
            )

    def constants(self, dt: float = 1.0, number: Callable[[float], Any] = float) -> Constants:
        """The constants of a step of ``dt`` ms, each made by ``number``: ``numpy.float32``, say."""
        values = (
            self.a, self.b, self.c, self.d, 0.04, 5.0, 140.0, V_PEAK, V_FLOOR, dt, 1.0, 0.0,
        )  # fmt: skip
        return Constants(*map(number, values))

    def rest(self) -> State:
        """The state from which an example starts: v = c, u = b c."""
        return State(self.c, self.b * self.c)


REGULAR_SPIKING = IzhikevichParams(a=0.02, b=0.2, c=-65.0, d=8.0)
INTRINSICALLY_BURSTING = IzhikevichParams(a=0.02, b=0.2, c=-55.0, d=4.0)
CHATTERING = IzhikevichParams(a=0.02, b=0.2, c=-50.0, d=2.0)
FAST_SPIKING = IzhikevichParams(a=0.1, b=0.2, c=-65.0, d=2.0)
LOW_THRESHOLD_SPIKING = IzhikevichParams(a=0.02, b=0.25, c=-65.0, d=2.0)
THALAMO_CORTICAL = IzhikevichParams(a=0.02, b=0.25, c=-65.0, d=0.05)
RESONATOR = IzhikevichParams(a=0.1, b=0.26, c=-65.0, d=2.0)

Pattern = Literal[
    "regular-spiking",
    "intrinsically-bursting",
    "chattering",
    "fast-spiking",
    "low-threshold-spiking",
    "thalamo-cortical",
    "resonator",
]
PRESETS = {
    "regular-spiking": REGULAR_SPIKING,
    "intrinsically-bursting": INTRINSICALLY_BURSTING,
    "chattering": CHATTERING,
    "fast-spiking": FAST_SPIKING,
    "low-threshold-spiking": LOW_THRESHOLD_SPIKING,
    "thalamo-cortical": THALAMO_CORTICAL,
    "resonator": RESONATOR,
}
assert set(get_args(Pattern)) == set(PRESETS)


def drift(v: Any, u: Any, i: Any, p: Constants) -> tuple[Any, Any]:
    """The right-hand sides (dv/dt, du/dt) between spikes.

    v in mV, u and i in mV/ms, p the ``Constants``; scalars, arrays or tensors of one shape.
    """
    return p.quadratic * v * v + p.linear * v + p.constant - u + i, p.a * (p.b * v - u)


def advance(state: State, i: Any, p: Constants) -> State:
    """One forward Euler step under the current ``i`` (mV/ms), before spike and reset."""
    dv, du = drift(state.v, state.u, i, p)
    return State(state.v + p.dt * dv, state.u + p.dt * du)


def excess(v: Any, p: Constants) -> Any:
    """v less the threshold (mV), by which a surrogate derivative goes; 0 and above is a spike."""
    return v - p.v_peak


def settled(v: Any, p: Constants) -> Any:
    """The membrane potential after a step that brought it to ``v``: reset, or at the floor."""
    return select(v >= p.v_peak, p.c, at_least(v, p.v_floor))


def fire(reached: State, p: Constants) -> tuple[State, Any]:
    """The state after what ``advance`` reached, and whether there is a spike."""
    spike = reached.v >= p.v_peak
    return State(settled(reached.v, p), select(spike, reached.u + p.d, reached.u)), spike


def step(state: State, i: Any, p: Constants) -> tuple[State, Any]:
    """One step of ``p.dt`` ms under the current ``i`` (mV/ms): (state, whether it fired)."""
    return fire(advance(state, i, p), p)


def slope(v: Any, p: Constants) -> Any:
    """The derivative of the v that ``advance`` reaches by the v before: 1 + dt (0.08 v + 5)."""
    return p.one + p.dt * (p.quadratic * (v + v) + p.linear)


def pull_back(
    by: State, by_spike: Any, reached: Any, v: Any, p: Constants, max_slope: Any
) -> tuple[State, Any]:
    """A step backward: gradients by the state before it and by its current.

    The reset is held constant, and ``slope`` bounded to [0, max_slope] (``neurons.torch_layer``).

    Args:
        by: gradient by the state after the step.
        by_spike: gradient by v through the spike's surrogate.
        reached: v after ``advance`` (mV).
        v: v before the step (mV).
        p: constants.
        max_slope: bound.
    """
    by_reached = by_spike + select((reached >= p.v_floor) & (reached < p.v_peak), by.v, p.zero)
    by_drift = p.dt * by_reached
    by_recovery = p.dt * p.a * by.u
    bounded = at_least(at_most(slope(v, p), max_slope), p.zero)
    by_v = bounded * by_reached + p.b * by_recovery
    return State(by_v, by.u - by_recovery - by_drift), by_drift


def update(v: Any, u: Any, i: Any) -> Any:
    """What every update computes, for the count of operations; resets are rare and left out."""
    p = REGULAR_SPIKING.constants()
    return excess(advance(State(v, u), i, p).v, p)
