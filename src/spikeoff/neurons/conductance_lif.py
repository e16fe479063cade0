"""The leaky integrate-and-fire neuron with conductance synapses, as Diehl and Cook use it.

    tau_mem dv/dt = (v_rest - v) + ge (e_exc - v) + gi (e_inh - v)
    tau_ge dge/dt = -ge,   tau_gi dgi/dt = -gi
    when v > threshold and not refractory:  v <- v_reset, held for the refractory time

with v in mV, t in ms, and ge and gi in units of the leak conductance.

One step of dt takes ge and gi as constant and solves the rest (exponential Euler). Written with
x = (1 + ge + gi) dt / tau_mem,

    v <- v + dt / tau_mem * ((v_rest - v) + ge (e_exc - v) + gi (e_inh - v)) * (1 - exp(-x)) / x

which is stable however strong the inhibition: forward Euler explodes when most of a layer fires
at once and gi comes to thousands.

Source: P. U. Diehl and M. Cook, "Unsupervised learning of digit recognition using
spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9:99, 2015, and the
parameters of its code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from spikeoff.neurons.elementwise import at_least
from spikeoff.numerics.functions import exp

SERIES_TERMS = 8
"""Terms of the series of (exp(y) - 1) / y."""

DOUBLINGS = {np.dtype(np.float32): 3, np.dtype(np.float64): 6}
"""How often the series' result is doubled: enough for an error below rounding at any x."""

FLOOR = 1e-30
"""What conductances lose a step, far below rounding: lest they decay to numbers so small that
processors take a hundred times as long over them."""


class State(NamedTuple):
    """v: membrane potential (mV); ge, gi: conductances of excitation and inhibition."""

    v: Any
    ge: Any
    gi: Any


class Constants(NamedTuple):
    """All numbers of the equations, in one precision, as kernels take them."""

    rate: Any
    v_rest: Any
    v_reset: Any
    e_exc: Any
    e_inh: Any
    decay_ge: Any
    decay_gi: Any
    one: Any
    zero: Any
    floor: Any
    fraction: Any
    series: tuple[Any, ...]
    doublings: tuple[Any, ...]


@dataclass(frozen=True)
class LIFParams:
    """A population's neurons.

    tau_mem: time constant of the membrane (ms).
    v_rest, v_reset, v_thresh: resting, reset and threshold potential (mV).
    e_exc, e_inh: reversal potentials of excitation and inhibition (mV).
    refractory: time after a spike in which v is held (ms).
    tau_ge, tau_gi: time constants of the conductances (ms).
    """

    tau_mem: float
    v_rest: float
    v_reset: float
    v_thresh: float
    e_exc: float
    e_inh: float
    refractory: float
    tau_ge: float = 1.0
    tau_gi: float = 2.0

    def constants(self, dt: float, number: Callable[[float], Any] = np.float64) -> Constants:
        """The constants of a step of ``dt`` ms, in the precision that ``number`` makes."""
        n = DOUBLINGS[np.dtype(type(number(0.0)))]
        values = (
            dt / self.tau_mem, self.v_rest, self.v_reset, self.e_exc, self.e_inh,
            exp(-dt / self.tau_ge), exp(-dt / self.tau_gi), 1.0, 0.0, FLOOR,
            2.0**-n,
        )  # fmt: skip
        series = (1 / math.factorial(k) for k in range(SERIES_TERMS, 0, -1))
        doublings = (2.0**-k for k in range(n + 1, 1, -1))
        fields: list[Any] = [number(value) for value in values]
        fields += [tuple(map(number, series)), tuple(map(number, doublings))]
        return Constants(*fields)


EXCITATORY = LIFParams(100.0, -65.0, -65.0, -52.0, 0.0, -100.0, 5.0)
INHIBITORY = LIFParams(10.0, -60.0, -45.0, -40.0, 0.0, -85.0, 2.0)


def relaxation(x: Any, c: Constants) -> Any:
    """(1 - exp(-x)) / x for x >= 0, to rounding, by one division.

    With P(y) the series of (exp(y) - 1) / y, R(y) = P / (1 + y P); then, from a fraction of x up,
    R(2y) = R(y) (1 - y R(y) / 2). Neither cancels, nor overflows where exp(x) would.
    """
    y = x * c.fraction
    p = c.series[0]
    for coefficient in c.series[1:]:
        p = p * y + coefficient
    r = p / (c.one + y * p)
    for half in c.doublings:
        r = r * (c.one - half * x * r)
    return r


def relax(v: Any, ge: Any, gi: Any, c: Constants) -> Any:
    """v (mV) one step later, under conductances ``ge`` and ``gi``."""
    pull = c.v_rest - v + ge * (c.e_exc - v) + gi * (c.e_inh - v)
    return v + c.rate * pull * relaxation((c.one + ge + gi) * c.rate, c)


def step(
    state: State, arriving: Any, theta: Any, share: Any, base: Any, c: Constants
) -> tuple[State, Any]:
    """One step of an excitatory neuron: (state, whether v is above the threshold); no reset yet.

    Args:
        state: before the step.
        arriving: excitatory conductance that input opens at the end of the step.
        theta: adaptive part of the threshold (mV), of which ``share`` has not decayed.
        share: see ``theta``.
        base: constant part of the threshold (mV).
        c: constants.
    """
    v = relax(state.v, state.ge, state.gi, c)
    ge = at_least(state.ge * c.decay_ge - c.floor, c.zero) + arriving
    gi = at_least(state.gi * c.decay_gi - c.floor, c.zero)
    return State(v, ge, gi), v > base + theta * share


def update(v: Any, ge: Any, gi: Any, theta: Any, arriving: Any) -> Any:
    """What every update computes, for the count of operations."""
    c = EXCITATORY.constants(0.5, np.float32)
    return step(State(v, ge, gi), arriving, theta, c.one, c.v_rest, c)
