"""Whoever builds or uses a gradient-trained contender keeps PyTorch's own settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from spikeoff.contenders.base import Contender
from spikeoff.contenders.registry import find
from spikeoff.data import Images
from spikeoff.kernels import jit

SIZES: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": (16,)},
    "cnn": {"n_hidden": 16},
    "izhikevich-gradient": {"hidden": (16,), "n_steps": 5},
}
USES: dict[str, Callable[[Contender, Images], object]] = {
    "learn": lambda contender, images: list(contender.learn(images, 1)),
    "respond": lambda contender, images: contender.respond(images),
    "record": lambda contender, images: contender.record(images),
    "synapses": lambda contender, images: contender.synapses(),
    "warm up": lambda contender, images: contender.warm_up(images),
}


def settings() -> tuple[Any, ...]:
    """What PyTorch and the kernels are set to, and where its generator stands."""
    memory: Any = torch.utils.deterministic
    return (
        torch.get_num_threads(), jit.threads(), torch.are_deterministic_algorithms_enabled(),
        memory.fill_uninitialized_memory, torch.get_rng_state().tolist(),
    )  # fmt: skip


@pytest.fixture(params=[False, True])
def before(request: pytest.FixtureRequest) -> Iterator[tuple[Any, ...]]:
    """Settings of the caller, other than ours and, in turn, the same."""
    threads = torch.get_num_threads(), jit.threads()
    torch.manual_seed(123)
    torch.set_num_threads(2)
    jit.set_threads(2)
    torch.use_deterministic_algorithms(request.param, warn_only=request.param)
    yield settings()
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads[0])
    jit.set_threads(threads[1])


@pytest.mark.parametrize("name", SIZES)
def test_settings_are_as_before(name: str, few: Images, before: tuple[Any, ...]) -> None:
    kind: Any = find(name)
    contender = kind(kind.config_type(num_threads=1, batch_size=16, **SIZES[name]))
    assert settings() == before
    for use, call in USES.items():
        call(contender, few)
        assert settings() == before, use


@pytest.mark.parametrize("name", SIZES)
def test_a_pass_sets_nothing_between_its_steps(name: str, few: Images) -> None:
    kind: Any = find(name)
    contender: Any = kind(kind.config_type(num_threads=1, batch_size=8, **SIZES[name]))
    contender.batches_per_step = 1
    before = settings()
    steps = 0
    for _ in contender.learn(few, 1):
        assert settings() == before
        steps += 1
    assert steps == 5


def test_weights_follow_the_seed_alone() -> None:
    kind: Any = find("mlp")
    states = []
    for global_seed in (1, 2):
        torch.manual_seed(global_seed)
        states.append(kind(kind.config_type(seed=7, hidden=(4,))).state()["hidden.weight"])
    assert (states[0] == states[1]).all()


def test_what_computes_within_does_not_decide_the_bits_without(few: Images) -> None:
    """A caller on one thread and a caller on two get the same network."""
    kind: Any = find("izhikevich-gradient")
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        contender = kind(
            kind.config_type(num_threads=1, batch_size=16, **SIZES["izhikevich-gradient"])
        )
        list(contender.learn(few, 1))
        found.append(contender.state())
    torch.set_num_threads(2)
    assert all((found[0][name] == found[1][name]).all() for name in found[0])
