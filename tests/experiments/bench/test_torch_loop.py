"""Plain loops train the contender's network, with its optimiser, on the same images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeoff.cli import main
from spikeoff.contenders.gradient.cnn import CNN, CNNConfig, as_pictures
from spikeoff.contenders.gradient.mlp import MLP, MLPConfig
from spikeoff.contenders.gradient.trainer import GradientContender
from spikeoff.data import Images
from spikeoff.experiments.bench.mlp import scaled
from spikeoff.experiments.bench.torch_loop import Inputs, LeanLoop, PlainLoop, measure

SETTINGS: dict[str, Any] = {
    "batch_size": 10, "num_threads": 1, "device": "cpu", "dropout": 0.0
}  # fmt: skip


def mlp() -> tuple[GradientContender, Inputs]:
    return MLP(MLPConfig(hidden=(32,), **SETTINGS)), scaled


def cnn() -> tuple[GradientContender, Inputs]:
    return CNN(CNNConfig(n_hidden=32, **SETTINGS)), as_pictures


@pytest.mark.parametrize("make", [mlp, cnn])
@pytest.mark.parametrize("kind", [PlainLoop, LeanLoop])
def test_a_loop_learns(few: Images, make: Any, kind: type[PlainLoop]) -> None:
    contender, inputs = make()
    loop = kind(contender, inputs, few)
    losses = [loop.learn() for _ in range(12)]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("make", [mlp, cnn])
@pytest.mark.parametrize("kind", [PlainLoop, LeanLoop])
def test_a_loops_step_is_the_contenders_step(few: Images, make: Any, kind: type[PlainLoop]) -> None:
    """From the same weights, on the same batch, at the same rate: the same weights after Adam."""
    contender, inputs = make()
    ten = few.take(slice(0, 10))
    loop = kind(contender, inputs, ten)
    loop.module.load_state_dict(contender.module.state_dict())
    list(contender.learn(ten, 1))
    for group in loop.optimizer.param_groups:
        group["lr"] = contender.optimizer.rate
        assert group["betas"] == contender.optimizer.betas
        assert group["weight_decay"] == contender.optimizer.weight_decay
    loop.learn()
    for name, value in loop.module.state_dict().items():
        np.testing.assert_allclose(value, contender.state()[name], rtol=1e-3, atol=2e-5)


@pytest.mark.slow
def test_all_loops_take_turns_over_all_images(few: Images) -> None:
    contender, inputs = mlp()
    measured = measure(contender, inputs, few, ["torch-loop", "tensorflow"], 3)
    assert [one.engine for one in measured] == ["spikeoff", "PyTorch", "PyTorch", "TensorFlow"]
    assert all(len(one.seconds) == 3 and min(one.seconds) > 0 for one in measured)
    assert len(measure(contender, inputs, few, [], 1)) == 1


def test_plain_loops_run_on_pytorchs_own_settings(few: Images) -> None:
    contender, inputs = mlp()
    seen = []

    class Watched(LeanLoop):
        def step(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            seen.append(torch.are_deterministic_algorithms_enabled())
            return super().step(inputs, labels)

    Watched(contender, inputs, few).learn()
    assert seen == [False] * 4


@pytest.mark.parametrize("contender", ["mlp", "cnn"])
def test_the_verb_measures_a_part_of_the_images(
    contender: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--n_hidden", "16", "--batch_size", "32", "--batches", "2", "--turns", "1"]
    with pytest.raises(SystemExit) as caught:
        main(["bench", contender, "--against", "torch-loop", *flags])
    assert not caught.value.code
    shown = " ".join(capsys.readouterr().out.split())
    assert f"Training {contender}" in shown
    assert "64 images a turn" in shown
    assert "DataLoader" in shown
