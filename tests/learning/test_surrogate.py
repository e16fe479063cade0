"""Each surrogate is the derivative of the smooth step that its paper states."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeoff.learning import surrogate
from spikeoff.neurons.torch_layer import Spike

X = torch.linspace(-120, 60, 181, dtype=torch.float64)
WIDTH = 25.0

# The antiderivatives, written with PyTorch's own functions.
SMOOTH_STEPS = {
    "fast_sigmoid": lambda x: x / (1 + (x / WIDTH).abs()),
    "arctan": lambda x: WIDTH * torch.atan(x / WIDTH),
    "triangle": lambda x: torch.where(
        x.abs() < WIDTH, x - x * x.abs() / (2 * WIDTH), torch.zeros_like(x)
    ),
}


@pytest.mark.parametrize("name", SMOOTH_STEPS)
def test_derivative_of_the_published_function(name: str) -> None:
    x = X.clone().requires_grad_()
    SMOOTH_STEPS[name](x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    ours = getattr(surrogate, name)(X, WIDTH)
    np.testing.assert_allclose(ours, x.grad, atol=1e-12)


@pytest.mark.parametrize("name", SMOOTH_STEPS)
def test_a_spike_passes_the_surrogate_back(name: str) -> None:
    x = X.clone().requires_grad_()
    rule = getattr(surrogate, name)
    spikes = Spike.apply(x, x >= 0, rule, WIDTH)  # type: ignore[no-untyped-call]
    np.testing.assert_array_equal(spikes.detach(), (X >= 0).double())
    (2.5 * spikes).sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad, 2.5 * rule(X, WIDTH))


@pytest.mark.parametrize("name", SMOOTH_STEPS)
def test_one_at_the_threshold_and_even(name: str) -> None:
    rule = getattr(surrogate, name)
    assert rule(0.0, WIDTH) == 1.0
    np.testing.assert_allclose(rule(X, WIDTH), rule(-X, WIDTH))


def test_codes_are_the_kernels_numbers() -> None:
    assert surrogate.code("fast_sigmoid") == surrogate.FAST_SIGMOID
    assert surrogate.code("arctan") == surrogate.ARCTAN
    assert surrogate.code("triangle") == surrogate.TRIANGLE
