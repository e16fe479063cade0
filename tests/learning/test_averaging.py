"""The moving average of weights: PyTorch's own, the rising decay, pruned weights."""

from __future__ import annotations

import pytest
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from spikeoff.learning.averaging import WeightAverage, decay_at


def test_with_the_decay_reached_it_is_pytorchs_average() -> None:
    module = torch.nn.Linear(5, 3)
    theirs = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(0.9))  # type: ignore[no-untyped-call]
    theirs.update_parameters(module)  # their first takes the weights over
    ours = WeightAverage(module.parameters(), 0.9)
    for step in range(100, 110):
        with torch.no_grad():
            for weights in module.parameters():
                weights.add_(torch.randn_like(weights))
        theirs.update_parameters(module)
        ours.follow(step)
    for mine, other in zip(ours.held, theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other.detach())


def test_the_decay_rises_from_a_tenth() -> None:
    assert decay_at(0, 0.999) == pytest.approx(0.1)
    assert decay_at(90, 0.999) == pytest.approx(0.91)
    assert decay_at(10**6, 0.999) == 0.999


def test_exchanging_twice_gives_the_weights_back() -> None:
    weights, count = torch.randn(4, 4), torch.tensor(3)
    before = weights.clone()
    average = WeightAverage([weights, count], 0.5)
    weights += 1
    average.follow(100)
    learning = weights.clone()
    average.exchange(answering=True)
    torch.testing.assert_close(weights, before + 0.5)
    average.exchange(answering=False)
    assert torch.equal(weights, learning)
    assert count == 3


def test_a_pruned_weight_is_0_in_the_average() -> None:
    weights = torch.ones(2, 3)
    average = WeightAverage([weights], 0.5)
    weights[0, 1] = 0
    average.follow(100)
    average.exchange(answering=True)
    assert torch.equal(weights == 0, torch.tensor([[False, True, False], [False] * 3]))


def test_zeros_of_the_average_and_of_biases_are_no_pruned_weights() -> None:
    weights, bias = torch.zeros(2, 2), torch.zeros(2)
    average = WeightAverage([weights, bias], 0.5)
    weights += 1
    average.exchange(answering=True)  # the average was never told: still 0
    assert not weights.any()
    average.exchange(answering=False)
    assert torch.equal(weights, torch.ones(2, 2))
    bias += 1
    average.follow(100)
    bias.zero_()
    average.exchange(answering=True)
    assert torch.equal(bias, torch.full((2,), 0.5))
