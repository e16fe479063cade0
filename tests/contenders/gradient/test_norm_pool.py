"""Normalisation, pooling and ReLU in one against PyTorch's three operators."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from spikeoff.contenders.gradient.numba.norm_pool import norm_pool
from spikeoff.kernels import jit
from spikeoff.ledger.environment import available_cores


def plain(maps: torch.Tensor, norm: nn.BatchNorm2d) -> torch.Tensor:
    return functional.relu(functional.max_pool2d(norm(maps), 2))


def maps_of(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values.copy()).contiguous(memory_format=torch.channels_last)


def norm_of(rng: np.random.Generator, channels: int, dtype: torch.dtype) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(channels, eps=1e-3, momentum=0.2).to(dtype)
    with torch.no_grad():
        norm.weight.copy_(torch.from_numpy(rng.standard_normal(channels)))  # of either sign
        norm.bias.copy_(torch.from_numpy(rng.standard_normal(channels)))
    return norm


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(1, 5),
    channels=st.integers(1, 20),
    height=st.integers(2, 9),
    width=st.integers(2, 9),
    offset=st.floats(-50, 50),
    seed=st.integers(0, 1000),
)
def test_maps_gradients_and_statistics_are_pytorchs(
    n: int, channels: int, height: int, width: int, offset: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = offset + rng.standard_normal((n, channels, height, width))
    back = torch.from_numpy(rng.standard_normal((n, channels, height // 2, width // 2)))
    norms = [norm_of(np.random.default_rng(seed), channels, torch.float64) for _ in range(2)]
    results = []
    for layer, norm in zip((norm_pool, plain), norms, strict=True):
        maps = maps_of(values).requires_grad_()
        out = layer(maps, norm)
        out.backward(back)  # type: ignore[no-untyped-call]
        results.append((
            out.detach(), maps.grad, norm.weight.grad, norm.bias.grad, norm.running_mean,
            norm.running_var, norm.num_batches_tracked,
        ))  # fmt: skip
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


def test_single_precision_is_nearer_to_double_than_pytorchs(rng: np.random.Generator) -> None:
    values = (3 + rng.standard_normal((64, 32, 26, 26))).astype(np.float32)
    back = torch.from_numpy(rng.standard_normal((64, 32, 13, 13)))
    errors = {}
    gradients = {}
    for name, layer, dtype in (
        ("exact", plain, torch.float64), ("ours", norm_pool, torch.float32),
        ("theirs", plain, torch.float32),
    ):  # fmt: skip
        norm = norm_of(np.random.default_rng(1), 32, dtype)
        maps = maps_of(values).to(dtype).requires_grad_()
        layer(maps, norm).backward(back.to(dtype))  # type: ignore[no-untyped-call]
        assert norm.weight.grad is not None
        gradients[name] = norm.weight.grad.double()
        errors[name] = float((gradients[name] - gradients["exact"]).abs().max())
    assert errors["ours"] < errors["theirs"]
    torch.testing.assert_close(gradients["ours"], gradients["exact"], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_tie_goes_to_the_first_place_as_in_pytorch(sign: float) -> None:
    values = np.zeros((2, 1, 2, 2))
    values[1] = 1.0
    results = []
    for layer in (norm_pool, plain):
        norm = nn.BatchNorm2d(1).double()
        nn.init.constant_(norm.weight, sign)
        nn.init.constant_(norm.bias, 5.0)
        maps = maps_of(values).requires_grad_()
        layer(maps, norm).backward(torch.tensor([[[[1.0]]], [[[3.0]]]]).double())  # type: ignore[no-untyped-call]
        results.append(maps.grad)
    torch.testing.assert_close(*results)


def test_the_same_bits_on_any_number_of_threads(rng: np.random.Generator) -> None:
    values = rng.standard_normal((16, 32, 11, 11)).astype(np.float32)
    results = []
    for threads in (1, 2):
        jit.set_threads(threads)
        norm = nn.BatchNorm2d(32)
        maps = maps_of(values).requires_grad_()
        out = norm_pool(maps, norm)
        out.square().sum().backward()  # type: ignore[no-untyped-call]
        results.append((out.detach(), maps.grad, norm.weight.grad, norm.running_var))
    jit.set_threads(available_cores())
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)
