"""The layer of ReLUs behind pixels against PyTorch's own operators."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeoff.contenders.gradient.numba.relu_layer import DENSE_ABOVE, relu_layer
from spikeoff.kernels import jit
from spikeoff.ledger.environment import available_cores


def plain(
    weights: torch.Tensor,
    bias: torch.Tensor,
    pixels: torch.Tensor,
    scale: float,
    kept: torch.Tensor | None,
    share: float,
) -> torch.Tensor:
    hidden = torch.relu(pixels.to(weights.dtype) * scale @ weights + bias)
    return hidden if kept is None else hidden * kept / share


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 12),
    n_inputs=st.integers(1, 60),
    n_hidden=st.integers(1, 40),
    density=st.floats(0, 1),
    masked=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_activations_and_gradients_are_pytorchs(
    n: int, n_inputs: int, n_hidden: int, density: float, masked: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    lit = rng.random((n, n_inputs)) < density
    pixels = torch.from_numpy((rng.integers(0, 256, lit.shape) * lit).astype(np.uint8))
    kept = torch.from_numpy((rng.random((n, n_hidden)) < 0.7).astype(np.uint8)) if masked else None
    values = [rng.standard_normal((n_inputs, n_hidden)), rng.standard_normal(n_hidden)]
    back = torch.from_numpy(rng.standard_normal((n, n_hidden)))
    results = []
    for layer in (relu_layer, plain):
        weights, bias = (torch.from_numpy(one.copy()).requires_grad_() for one in values)
        hidden = layer(weights, bias, pixels, 1 / 255, kept, 0.7 if masked else 1)
        hidden.backward(back)  # type: ignore[no-untyped-call]
        results.append((hidden.detach(), weights.grad, bias.grad))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("density", [DENSE_ABOVE / 2, (1 + DENSE_ABOVE) / 2])
def test_single_precision_on_either_way(density: float, rng: np.random.Generator) -> None:
    lit = rng.random((64, 784)) < density
    pixels = torch.from_numpy((rng.integers(1, 256, lit.shape) * lit).astype(np.uint8))
    weights = torch.from_numpy(rng.standard_normal((784, 100)).astype(np.float32))
    bias = torch.zeros(100)
    ours = relu_layer(weights, bias, pixels, 0.05 / 255, None, 1)
    theirs = plain(weights.double(), bias.double(), pixels, 0.05 / 255, None, 1)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours.double(), theirs, rtol=1e-5, atol=1e-5)


def test_the_same_bits_on_any_number_of_threads(rng: np.random.Generator) -> None:
    lit = rng.random((100, 784)) < 0.2
    pixels = torch.from_numpy((rng.integers(0, 256, lit.shape) * lit).astype(np.uint8))
    start = torch.from_numpy(rng.standard_normal((784, 64)).astype(np.float32))
    results = []
    for threads in (1, 2):
        jit.set_threads(threads)
        weights, bias = start.clone().requires_grad_(), torch.zeros(64, requires_grad=True)
        relu_layer(weights, bias, pixels, 0.01, None, 1).square().sum().backward()  # type: ignore[no-untyped-call]
        results.append((weights.grad, bias.grad))
    jit.set_threads(available_cores())
    for one, other in zip(*results, strict=True):
        assert one is not None
        assert torch.equal(one, other)
