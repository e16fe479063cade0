"""The whole network by Triton against PyTorch's autograd, on the same device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from spikeoff.contenders.base import Device
from spikeoff.contenders.gradient.backends import choose_backend
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.contenders.gradient.triton import (
    dropout_scale,
    neuron_loop,
    rate_coding,
    self_check,
    support,
)
from spikeoff.data import Images
from spikeoff.ledger.raster import raster_of, save_raster

pytestmark = pytest.mark.slow

SMALL: dict[str, Any] = {"hidden": (24,), "n_steps": 20, "batch_size": 2, "output_scale": 12.0}


@pytest.fixture(scope="module")
def images(few: Images) -> Images:
    """Four images: quick enough for the interpreter."""
    return few.take(slice(0, 4))


@pytest.fixture
def double() -> Iterator[None]:
    """Networks in float64 from the start, their optimisers too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def pair(device: Device, **settings: Any) -> list[IzhikevichGradient]:
    """The network by Triton and by autograd; the first is told so, as here may be no GPU."""
    config = IzhikevichGradientConfig(device=device, num_threads=1, **{**SMALL, **settings})
    networks = [IzhikevichGradient(replace(config, engine="torch")) for _ in range(2)]
    networks[0].use_backend("triton")
    return networks


def logits_and_gradients(network: IzhikevichGradient, images: Images) -> list[torch.Tensor]:
    network.module.double()
    network.module.train()
    pixels = torch.from_numpy(images.flat).to(network.device)
    ids = torch.from_numpy(images.ids).to(network.device)
    logits = network.present(pixels, ids, epoch=1)
    labels = torch.from_numpy(images.labels).long().to(network.device)
    functional.cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
    found = [weights.grad for weights in network.module.parameters()]
    return [logits.detach()] + [gradient for gradient in found if gradient is not None]


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_logits_and_gradients_in_float64(images: Images, device: Device, dropout: float) -> None:
    ours, theirs = (
        logits_and_gradients(network, images) for network in pair(device, dropout=dropout)
    )
    assert len(ours) == len(theirs) == 4
    assert torch.equal(ours[0], theirs[0])
    for one, other in zip(ours, theirs, strict=True):
        scale = float(other.abs().max())
        assert scale > 0
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.usefixtures("double")
def test_training_takes_the_same_steps(images: Images, device: Device) -> None:
    """Two steps of Adam in float64: order, dropout, spikes and gradients are the same."""
    networks = pair(device, epochs=2)
    found = []
    for network in networks:
        before = network.state()
        assert before["hidden"].dtype == np.float64
        (step,) = network.learn(images, 1)
        after = network.state()
        assert any(np.any(after[name] != before[name]) for name in after)
        found.append((step, after))
    (step, ours), (other_step, theirs) = found
    assert step.examples == other_step.examples == len(images)
    assert step.correct == other_step.correct
    assert step.loss == pytest.approx(other_step.loss, rel=1e-6)
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-7, atol=1e-9)


def test_answers_activity_account_and_raster(
    images: Images, device: Device, tmp_path: Path
) -> None:
    found = []
    for number, network in enumerate(pair(device)):
        network.module.double()
        response = network.respond(images)
        folder = tmp_path / str(number)
        folder.mkdir()
        record = partial(network.record, every=1)
        speaks_for, unit = network.speaks_for(), network.score_unit
        shown = raster_of(record, images, speaks_for, unit)
        assert shown is not None
        save_raster(shown, folder)
        with np.load(folder / "raster.npz") as raster:
            spikes = {name: raster[name] for name in raster.files}
        found.append((response, network.account(images), spikes))
    (response, account, spikes), (other, other_account, other_spikes) = found
    assert account.activity.hidden_per_example > 0
    np.testing.assert_array_equal(response.scores, other.scores)
    assert account == other_account
    assert spikes.keys() == other_spikes.keys()
    for name, value in other_spikes.items():
        np.testing.assert_array_equal(spikes[name], value)


def test_the_traces_are_all_that_stays_of_the_way_forward(images: Images, device: Device) -> None:
    """Input spikes are drawn again, hidden spikes read off the trace: neither is kept."""
    network, _ = pair(device, dropout=0.0)
    pixels = torch.from_numpy(images.flat[:2]).to(device)
    logits = network.present(pixels, images.ids[:2], epoch=1)
    function = logits.grad_fn.next_functions[0][0]  # type: ignore[union-attr]
    held = [value for value in function.held if isinstance(value, torch.Tensor)]  # type: ignore[union-attr]
    shapes = {tuple(value.shape) for value in held}
    steps, n_hidden = network.config.n_steps, network.config.hidden[0]
    assert shapes == {(n_hidden, 10), (2, steps, n_hidden), (2, steps, 10)}


def test_what_runs_where() -> None:
    assert choose_backend("torch", "cuda") == ("autograd", ())
    assert choose_backend("native", "cpu") == ("numba", ())
    backend, (note,) = choose_backend("native", "mps")
    assert backend == "autograd"
    assert "NVIDIA" in note


class OnAGpu:
    """A machine with a GPU, as far as ``support`` asks."""

    def __init__(self, patch: pytest.MonkeyPatch, capability: tuple[int, int]) -> None:
        patch.setattr(torch.cuda, "get_device_capability", lambda: capability)
        patch.setattr(torch.version, "hip", None)


def test_a_gpu_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    OnAGpu(monkeypatch, (7, 5))
    backend, (note,) = choose_backend("native", "cuda")
    assert backend == "autograd"
    assert "compute capability 7.5, below 8.0" in note


def test_without_triton_pytorch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    OnAGpu(monkeypatch, (9, 0))
    monkeypatch.setattr(support, "find_spec", lambda name: None)
    backend, (note,) = choose_backend("native", "cuda")
    assert backend == "autograd"
    assert "Triton is not installed" in note


def test_kernels_that_fail_or_differ_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    OnAGpu(monkeypatch, (9, 0))

    def fail(device: Device) -> list[str]:
        raise RuntimeError("no C compiler\nand more")

    monkeypatch.setattr(self_check, "differences", fail)
    backend, (note,) = choose_backend("native", "cuda")
    assert backend == "autograd"
    assert note.endswith("(RuntimeError: no C compiler)")
    support.trouble.cache_clear()
    monkeypatch.setattr(self_check, "differences", lambda device: ["neurons"])
    backend, (note,) = choose_backend("native", "cuda")
    assert backend == "autograd"
    assert note.endswith("(neurons)")
    support.trouble.cache_clear()
    monkeypatch.setattr(self_check, "differences", lambda device: [])
    backend, (note,) = choose_backend("native", "cuda")
    assert backend == "triton"
    assert "tried out" in note


def test_the_self_check_finds_no_difference_here(device: Device) -> None:
    assert self_check.differences(device) == []


def test_the_self_check_finds_a_wrong_spike_and_a_wrong_gradient(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, backward = rate_coding.rate_code, neuron_loop.backward
    silenced = dropout_scale.scale

    def one_bit_off(*args: Any, **key: Any) -> torch.Tensor:
        spikes = drawn(*args, **key)
        spikes[-1, -1, -1] = 1 - spikes[-1, -1, -1]
        return spikes

    def a_little_off(*args: Any) -> torch.Tensor:
        return backward(*args) * (1 + 1e-8)

    monkeypatch.setattr(rate_coding, "rate_code", one_bit_off)
    assert self_check.differences(device) == ["input spikes"]
    monkeypatch.setattr(rate_coding, "rate_code", drawn)
    monkeypatch.setattr(dropout_scale, "scale", lambda *args, **key: silenced(*args, **key).flip(1))
    assert self_check.differences(device) == ["dropout"]
    monkeypatch.setattr(dropout_scale, "scale", silenced)
    monkeypatch.setattr(neuron_loop, "backward", a_little_off)
    assert self_check.differences(device) == ["neurons"]


def test_large_batches_keep_within_their_bound() -> None:
    for n_hidden, n_steps in ((16, 5), (1024, 50), (60000, 200)):
        config = IzhikevichGradientConfig(hidden=(16,), n_steps=5, device="cpu", num_threads=1)
        network = IzhikevichGradient(config)
        network.config = replace(config, hidden=(n_hidden,), n_steps=n_steps)
        network.use_large_batches()
        batch = network.evaluation_batch
        assert 1 <= batch <= 2000
        assert batch == 1 or batch * n_steps * max(784, n_hidden) <= 2**27
