"""Strict mode computes what PyTorch does, with bits of its own."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from spikeoff.contenders.gradient.adam import Adam
from spikeoff.contenders.gradient.cross_entropy import cross_entropy
from spikeoff.contenders.gradient.trainer import clip_gradients
from spikeoff.contenders.registry import find
from spikeoff.errors import UserError
from spikeoff.learning.averaging import WeightAverage
from spikeoff.numerics.mode import strictly

GENERATOR = torch.Generator().manual_seed(5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_and_its_gradient(smoothing: float) -> None:
    labels = torch.randint(10, (12,), generator=GENERATOR)
    logits = (8 * torch.randn(12, 10, generator=GENERATOR)).requires_grad_()
    expected = functional.cross_entropy(logits, labels, label_smoothing=smoothing)
    (by_expected,) = torch.autograd.grad(3 * expected, logits)
    with strictly(True):
        found = cross_entropy(logits, labels, smoothing)
        (by_found,) = torch.autograd.grad(3 * found, logits)
    assert torch.allclose(found, expected, rtol=1e-6)
    assert torch.allclose(by_found, by_expected, rtol=1e-5, atol=1e-7)


def test_adam_moves_weights_as_pytorch_does() -> None:
    start = torch.randn(30, 20, generator=GENERATOR)
    gradients = torch.randn(6, 30, 20, generator=GENERATOR)
    found = []
    for strict in (False, True):
        weights = nn.Parameter(start.clone())
        optimizer = Adam([weights], 0.02, (0.9, 0.999), 0.01, fused=True)
        with strictly(strict):
            for gradient in gradients:
                weights.grad = gradient.clone()
                optimizer.step()
        found.append(weights.detach())
        assert optimizer.snapshot()["0.step"] == 6
    assert torch.allclose(found[0], found[1], rtol=1e-5, atol=1e-6)
    assert not torch.equal(found[0], start)


@pytest.mark.parametrize("bound", [1.0, 1e6])
def test_gradients_are_clipped_as_by_pytorch(bound: float) -> None:
    found = []
    for strict in (False, True):
        weights = [nn.Parameter(torch.ones(5, 4)), nn.Parameter(torch.ones(3))]
        for one in weights:
            one.grad = torch.arange(one.numel(), dtype=torch.float32).reshape(one.shape)
        with strictly(strict):
            clip_gradients(weights, bound)
        found.append([one.grad for one in weights])
    for default, ours in zip(*found, strict=True):
        assert default is not None
        assert ours is not None
        assert torch.allclose(default, ours, rtol=1e-5)


def test_the_average_of_weights() -> None:
    start, later = torch.randn(2, 40, generator=GENERATOR)
    found = []
    for strict in (False, True):
        weights = start.clone()
        average = WeightAverage([weights], 0.9)
        weights.copy_(later)
        with strictly(strict):
            average.follow(20)
        found.append(average.held[0])
    assert torch.allclose(found[0], found[1], rtol=1e-6)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("mlp", {}, "`strict` .*left out"),
    ("cnn", {}, "`strict` .*left out"),
    ("izhikevich-gradient", {"engine": "torch"}, "`engine` .*native"),
    ("izhikevich-sparse", {"device": "cuda"}, "`device` .*cpu"),
    ("izhikevich-stdp", {"device": "mps"}, "`device` .*cpu"),
    ("diehl-cook", {"engine": "brian2"}, "`engine` .*native"),
]


@pytest.mark.parametrize(("name", "settings", "message"), REFUSED)
def test_what_cannot_be_strict_says_so(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        find(name).config_type(strict=True, **settings)


def test_initial_weights_of_strict_mode_are_normal_and_follow_the_seed() -> None:
    kind: Any = find("izhikevich-gradient")
    states = [
        kind(kind.config_type(strict=strict, seed=seed, hidden=(64, 32), device="cpu")).state()
        for strict, seed in ((True, 0), (True, 0), (True, 1), (False, 0))
    ]
    again, other, default = states[1:]
    for name in ("hidden", "hidden_2", "output"):
        drawn = states[0][name]
        assert abs(drawn.std() - 0.5) < 0.06
        assert np.array_equal(drawn, again[name])
        assert not np.array_equal(drawn, other[name])
        assert not np.array_equal(drawn, default[name])
    pairs = itertools.combinations(("hidden", "hidden_2"), 2)
    assert all(not np.array_equal(states[0][a].ravel()[:9], states[0][b].ravel()[:9])
               for a, b in pairs)  # fmt: skip
