"""The Izhikevich neuron: two equations, a reset, and named firing patterns.

    dv/dt = 0.04 v^2 + 5 v + 140 - u + I
    du/dt = a (b v - u)
    when v >= 30 mV:  v <- c,  u <- u + d

with v in mV, t in ms, and u and I in mV/ms.

The functions are plain arithmetic without literals: PyTorch calls them on tensors, NumPy on
arrays, and Numba compiles them into the kernels, where every number keeps the precision of the
parameters.

Source: E. M. Izhikevich, "Simple model of spiking neurons", IEEE Transactions on Neural Networks
14(6), 2003; parameters of the patterns from its figure 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from spikeoff.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

V_PEAK = 30.0  # mV: where a spike is cut off and the neuron reset
V_FLOOR = -90.0  # mV: the reversal potential of potassium, near which real membranes stop


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
    one: Any


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

    def constants(self, number: Callable[[float], Any] = float) -> Constants:
        """The constants of the equations, each made by ``number`` (``numpy.float32``, say)."""
        values = (self.a, self.b, self.c, self.d, 0.04, 5.0, 140.0, V_PEAK, V_FLOOR, 1.0)
        return Constants(*map(number, values))

    def rest(self) -> tuple[float, float]:
        """The state from which an example starts: v = c, u = b c."""
        return self.c, self.b * self.c


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


def euler(v: Any, u: Any, i: Any, dt: Any, p: Constants) -> tuple[Any, Any]:
    """One forward step of ``dt`` ms, before spike and reset: (v, u)."""
    dv, du = drift(v, u, i, p)
    return v + dt * dv, u + dt * du


def euler_slope(v: Any, dt: Any, p: Constants) -> Any:
    """The derivative of the new v by the old one: 1 + dt (0.08 v + 5)."""
    return p.one + dt * (p.quadratic * (v + v) + p.linear)


def reset(v: Any, u: Any, spike: Any, p: Constants) -> tuple[Any, Any]:
    """(v, u) after the step's spike; ``spike`` is 1 where v reached the peak, else 0."""
    return v - spike * v + spike * p.c, u + spike * p.d
