"""Adam in the order of memory is PyTorch's Adam, and goes on where a snapshot was taken."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from spikeoff.contenders.gradient.adam import Adam

RATE, BETAS, DECAY = 0.02, (0.9, 0.99), 0.1


def weights() -> list[nn.Parameter]:
    """As they lie in memory: in order, transposed, channels last."""
    rng = np.random.default_rng(0)
    plain, turned, maps = (
        torch.from_numpy(rng.standard_normal(shape)) for shape in ((5,), (4, 3), (3, 2, 3, 3))
    )
    return [
        nn.Parameter(plain), nn.Parameter(turned.T),
        nn.Parameter(maps.contiguous(memory_format=torch.channels_last)),
    ]  # fmt: skip


def give_gradients(parameters: list[nn.Parameter], step: int) -> None:
    rng = np.random.default_rng(step + 1)
    for one in parameters:
        one.grad = torch.from_numpy(rng.standard_normal(tuple(one.shape)))


def adam(parameters: list[nn.Parameter]) -> Adam:
    return Adam(parameters, RATE, BETAS, DECAY, fused=True)


def test_steps_are_pytorchs() -> None:
    ours, theirs = weights(), [nn.Parameter(one.detach().clone()) for one in weights()]
    optimizer = adam(ours)
    reference = torch.optim.AdamW(theirs, lr=RATE, betas=BETAS, weight_decay=DECAY)
    for step in range(5):
        give_gradients(ours, step)
        give_gradients(theirs, step)
        rate = RATE / (step + 1)
        optimizer.rate = rate
        reference.param_groups[0]["lr"] = rate
        optimizer.step()
        reference.step()
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_a_snapshot_has_the_weights_axes_and_goes_on_with_the_same_bits() -> None:
    whole = weights()
    optimizer = adam(whole)
    for step in range(3):
        give_gradients(whole, step)
        optimizer.step()
    snapshot = optimizer.snapshot()
    for number, one in enumerate(whole):
        assert snapshot[f"{number}.exp_avg"].shape == one.shape
    second = [
        nn.Parameter(one.detach().clone(memory_format=torch.preserve_format)) for one in whole
    ]
    resumed = adam(second)
    resumed.resume(snapshot)
    for parameters, stepping in ((whole, optimizer), (second, resumed)):
        give_gradients(parameters, 7)
        stepping.step()
    for mine, other in zip(whole, second, strict=True):
        assert torch.equal(mine, other)


def test_a_moment_of_another_size_is_refused() -> None:
    parameters = weights()
    optimizer = adam(parameters)
    give_gradients(parameters, 0)
    optimizer.step()
    snapshot = optimizer.snapshot() | {"1.exp_avg": np.zeros((4, 3))}
    with pytest.raises(ValueError, match="exp_avg of weights 1"):
        adam(weights()).resume(snapshot)


def test_a_weight_without_gradient_stays() -> None:
    parameters = weights()
    before = parameters[1].detach().clone()
    optimizer = adam(parameters)
    give_gradients(parameters, 0)
    parameters[1].grad = None
    optimizer.step()
    assert torch.equal(parameters[1], before)
    optimizer.zero_grad()
    assert all(one.grad is None for one in parameters)
