"""What holds for every neuron: one registration, one choice by type, one gradient."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
import torch

from spikeoff.errors import UserError
from spikeoff.kernels import neuron_models as kernels
from spikeoff.neurons.cost import state_bytes, update_cost
from spikeoff.neurons.izhikevich import CHATTERING, FAST_SPIKING
from spikeoff.neurons.lif import LIFParams
from spikeoff.neurons.models import MODELS, TRAINABLE, Params, model_of

EXAMPLES: dict[str, Params] = {
    "izhikevich": FAST_SPIKING,
    "another pattern": CHATTERING,
    "lif": LIFParams(5.0, 10.0),
}


def test_every_trainable_neuron_is_covered() -> None:
    found = {model_of(type(params.constants())) for params in EXAMPLES.values()}
    assert found == set(TRAINABLE.values())


@pytest.mark.parametrize("name", MODELS)
def test_every_neuron_has_a_cost_and_a_state(name: str) -> None:
    cost = update_cost(name)
    assert cost.arithmetic.multiplications > 0
    assert cost.arithmetic.additions > 0
    assert cost.words == len(MODELS[name].State._fields)
    assert state_bytes(name, 10) == 40 * cost.words


def test_an_unknown_neuron_has_no_cost() -> None:
    with pytest.raises(UserError, match=r"`neuron` \(='perceptron'\) is unknown; known: izhikev"):
        update_cost("perceptron")


@numba.njit
def _steps(currents: Any, memory: Any, p: Any, reached: Any, fired: Any, settled: Any) -> None:
    rows = kernels.rows_of(memory, p)
    for step in range(len(currents)):
        for h in range(currents.shape[1]):
            now = kernels.advance(kernels.state_at(rows, h, p), currents[step, h], p)
            reached[step, h] = now.v
            after, spike = kernels.fire(now, p)
            fired[step, h] = spike
            settled[step, h] = kernels.settled(now.v, p) - after.v
            kernels.keep_state(rows, h, after)


@pytest.mark.parametrize("name", EXAMPLES)
def test_kernels_take_the_neuron_of_the_constants(name: str, rng: np.random.Generator) -> None:
    params, currents = EXAMPLES[name], rng.random((40, 7)) * 20
    p = params.constants(0.5)
    model = model_of(type(p))
    state = model.State(*(np.full(7, start) for start in params.rest()))
    memory = np.stack(state)
    reached, fired = np.empty_like(currents), np.empty(currents.shape, np.uint8)
    difference = np.ones_like(currents)
    _steps(currents, memory, p, reached, fired, difference)
    assert not difference.any()
    for step, current in enumerate(currents):
        now = model.advance(state, current, p)
        np.testing.assert_allclose(reached[step], now.v, rtol=1e-9)
        state, spike = model.fire(now, p)
        np.testing.assert_array_equal(fired[step], spike)
    np.testing.assert_allclose(memory, np.stack(state), rtol=1e-9)
    assert 0 < fired.mean() < 0.8


@pytest.mark.parametrize("name", EXAMPLES)
def test_slope_and_pull_back_are_what_autograd_finds(name: str, rng: np.random.Generator) -> None:
    """A step without a spike of its own, its slope unbounded."""
    params = EXAMPLES[name]
    p = params.constants(0.5)
    model = model_of(type(p))
    start = [torch.from_numpy(one + rng.random(20)).requires_grad_() for one in params.rest()]
    i = torch.from_numpy(rng.random(20) * 4).requires_grad_()
    reached = model.advance(model.State(*start), i, p)
    after, fired = model.fire(reached, p)
    assert not fired.any()
    by = model.State(*(torch.from_numpy(rng.standard_normal(20)) for _ in start))
    by_spike = torch.from_numpy(rng.standard_normal(20))
    total = sum((one * weight).sum() for one, weight in zip(after, by, strict=True))
    total = total + (reached.v * by_spike).sum()
    *by_state, by_i = torch.autograd.grad(total, [*start, i])
    v, v_reached = start[0].detach(), reached.v.detach()
    arrays = model.State(*(one.numpy() for one in by))
    found, found_i = model.pull_back(
        arrays, by_spike.numpy(), v_reached.numpy(), v.numpy(), p, np.inf
    )
    np.testing.assert_allclose(found_i, by_i, rtol=1e-12)
    for one, other in zip(found, by_state, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
    slope = torch.autograd.grad(model.advance(model.State(start[0], *start[1:]), i, p).v.sum(),
                                start[0])[0]  # fmt: skip
    np.testing.assert_allclose(np.broadcast_to(model.slope(v.numpy(), p), 20), slope, rtol=1e-12)


def test_a_current_that_outlasts_a_step_is_a_word_and_its_decay_a_multiplication() -> None:
    plain, held, decaying = (update_cost(name) for name in ("lif", "lif+held", "lif+decaying"))
    assert (held.words, decaying.words) == (plain.words + 1, plain.words + 1)
    assert held.arithmetic == plain.arithmetic
    more = decaying.arithmetic.multiplications - plain.arithmetic.multiplications
    assert more == 1
    assert decaying.arithmetic.additions == plain.arithmetic.additions


@pytest.mark.parametrize("name", ["lif+", "lif+kick", "conductance-lif+held", "+held"])
def test_an_unknown_current_or_one_of_a_neuron_with_conductances_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="is unknown"):
        update_cost(name)
