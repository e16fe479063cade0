"""Neurons inside Numba kernels: one name for all models, chosen by the type of the constants.

A kernel calls ``advance``, ``fire`` and so on with the constants of a population. Which neuron's
function that is follows from their type when the kernel is compiled, and costs nothing when it
runs. The state of many neurons lies in rows, one for each variable of ``State``.
"""

# ruff: noqa: ARG001, ARG005, PLW0108 (overloads have the arguments of what they stand for)
from __future__ import annotations

from types import FunctionType
from typing import Any

from numba.extending import overload

from spikeoff.kernels.jit import OPTIONS, jitable
from spikeoff.neurons import elementwise
from spikeoff.neurons.models import MODELS, Model, model_of


def advance(state: Any, i: Any, p: Any) -> Any:
    """A step up to the threshold."""
    return model_of(type(p)).advance(state, i, p)


def fire(reached: Any, p: Any) -> Any:
    """Threshold and reset: (state, spike)."""
    return model_of(type(p)).fire(reached, p)


def settled(v: Any, p: Any) -> Any:
    """v after threshold and reset."""
    return model_of(type(p)).settled(v, p)


def excess(v: Any, p: Any) -> Any:
    """v less the threshold."""
    return model_of(type(p)).excess(v, p)


def pull_back(by: Any, by_spike: Any, reached: Any, v: Any, p: Any, max_slope: Any) -> Any:
    """A step backward: (gradient by the state, gradient by the current)."""
    return model_of(type(p)).pull_back(by, by_spike, reached, v, p, max_slope)


def rows_of(memory: Any, p: Any) -> Any:
    """The rows of ``memory`` [variables, n] as a tuple, one for each variable of the state."""
    del p
    return tuple(memory)


def state_at(rows: Any, h: Any, p: Any) -> Any:
    """The state of neuron ``h``."""
    return model_of(type(p)).State(*(row[h] for row in rows))


def keep_state(rows: Any, h: Any, state: Any) -> None:
    """Write the state of neuron ``h`` into the rows."""
    for row, value in zip(rows, state, strict=True):
        row[h] = value


@overload(rows_of, jit_options=OPTIONS, strict=False)
def _rows_of(memory: Any, p: Any) -> Any:
    return (
        lambda memory, p: (memory[0],),
        lambda memory, p: (memory[0], memory[1]),
        lambda memory, p: (memory[0], memory[1], memory[2]),
    )[len(_model(p).State._fields) - 1]


@overload(state_at, jit_options=OPTIONS, strict=False)
def _state_at(rows: Any, h: Any, p: Any) -> Any:
    state = _model(p).State
    return (
        lambda rows, h, p: state(rows[0][h]),
        lambda rows, h, p: state(rows[0][h], rows[1][h]),
        lambda rows, h, p: state(rows[0][h], rows[1][h], rows[2][h]),
    )[len(state._fields) - 1]


@overload(keep_state, jit_options=OPTIONS, strict=False)
def _keep_state(rows: Any, h: Any, state: Any) -> Any:

    def one(rows: Any, h: Any, state: Any) -> None:
        rows[0][h] = state[0]

    def two(rows: Any, h: Any, state: Any) -> None:
        rows[0][h] = state[0]
        rows[1][h] = state[1]

    def three(rows: Any, h: Any, state: Any) -> None:
        rows[0][h] = state[0]
        rows[1][h] = state[1]
        rows[2][h] = state[2]

    return (one, two, three)[len(rows) - 1]


for _function, _chosen in (
    (advance, lambda state, i, p: _model(p).advance),
    (fire, lambda reached, p: _model(p).fire),
    (settled, lambda v, p: _model(p).settled),
    (excess, lambda v, p: _model(p).excess),
    (pull_back, lambda by, by_spike, reached, v, p, max_slope: _model(p).pull_back),
    (elementwise.at_least, lambda x, low: lambda x, low: max(x, low)),
    (elementwise.at_most, lambda x, high: lambda x, high: min(x, high)),
    (elementwise.select, lambda condition, a, b: lambda condition, a, b: a if condition else b),
):
    overload(_function, jit_options=OPTIONS, strict=False)(_chosen)


def _model(p: Any) -> Model:
    """The model of constants, by their type in Numba."""
    return model_of(p.instance_class)


def _functions(module: Any) -> list[FunctionType]:
    """The plain functions that a neuron's file defines."""
    found = [one for one in vars(module).values() if isinstance(one, FunctionType)]
    return [one for one in found if one.__module__ == module.__name__]


for _one in MODELS.values():
    jitable(*_functions(_one))
