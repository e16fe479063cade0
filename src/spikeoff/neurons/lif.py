"""The leaky integrate-and-fire neuron, reset by subtraction: ``Leaky`` of snnTorch.

    v[t+1] = beta v[t] + dt I[t] - v_thresh S[t],    S[t] = 1 if v[t] > v_thresh, else 0

with beta = exp(-dt / tau_mem), v in mV from rest at 0, t in ms, and I in mV/ms. The neuron fires
at each step that ends above the threshold; the next step takes the threshold off.

Source: J. K. Eshraghian et al., "Training spiking neural networks using lessons from deep
learning", Proceedings of the IEEE 111(9), 2023, equation 4.
"""

# ruff: noqa: ARG001 (every neuron's functions have the same arguments)
from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from spikeoff.errors import UserError
from spikeoff.neurons.elementwise import at_least, at_most, select
from spikeoff.numerics.functions import exp

if TYPE_CHECKING:
    from collections.abc import Callable


class State(NamedTuple):
    """v: membrane potential (mV), the last spike not yet taken off."""

    v: Any


class Constants(NamedTuple):
    """All numbers of the equations, in one precision, as kernels and tensors take them."""

    beta: Any
    v_thresh: Any
    dt: Any
    zero: Any


@dataclass(frozen=True)
class LIFParams:
    """A population's neurons.

    tau_mem: time constant of the membrane (ms).
    v_thresh: threshold, and what a spike takes off (mV).
    """

    tau_mem: float = 10.0
    v_thresh: float = 20.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 < value < math.inf:
                raise UserError(f"LIF `{field.name}` (={value}) must be above 0")

    def constants(self, dt: float = 1.0, number: Callable[[float], Any] = float) -> Constants:
        """The constants of a step of ``dt`` ms, each made by ``number``: ``numpy.float32``, say."""
        values = exp(-dt / self.tau_mem), self.v_thresh, dt, 0.0
        return Constants(*map(number, values))

    def rest(self) -> State:
        """The state from which an example starts."""
        return State(0.0)


def advance(state: State, i: Any, p: Constants) -> State:
    """One step under the current ``i`` (mV/ms), which takes the last spike off."""
    v = p.beta * state.v + p.dt * i
    return State(select(state.v > p.v_thresh, v - p.v_thresh, v))


def excess(v: Any, p: Constants) -> Any:
    """v less the threshold (mV), by which a surrogate derivative goes; above 0 is a spike."""
    return v - p.v_thresh


def settled(v: Any, p: Constants) -> Any:
    """The membrane potential after a step that brought it to ``v``: the same."""
    return v


def fire(reached: State, p: Constants) -> tuple[State, Any]:
    """The state after what ``advance`` reached, and whether there is a spike."""
    return reached, reached.v > p.v_thresh


def step(state: State, i: Any, p: Constants) -> tuple[State, Any]:
    """One step of ``p.dt`` ms under the current ``i`` (mV/ms): (state, whether it fired)."""
    return fire(advance(state, i, p), p)


def slope(v: Any, p: Constants) -> Any:
    """The derivative of the v that ``advance`` reaches by the v before: beta."""
    return p.beta


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
    by_reached = by_spike + by.v
    bounded = at_least(at_most(slope(v, p), max_slope), p.zero)
    return State(bounded * by_reached), p.dt * by_reached


def update(v: Any, i: Any) -> Any:
    """What every update computes, for the count of operations."""
    p = LIFParams().constants()
    return excess(advance(State(v), i, p).v, p)
