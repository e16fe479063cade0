"""The rounded perceptron: its grid, its answers against whole numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from spikeoff.contenders.gradient.mlp_int8 import MLPInt8, MLPInt8Config
from spikeoff.contenders.gradient.quantised import RoundedActivation, RoundedWeight
from spikeoff.contenders.registry import find
from spikeoff.data import Images
from spikeoff.errors import UserError


def learned(images: Images, **changes: Any) -> MLPInt8:
    settings: dict[str, Any] = {"hidden": (32,), "batch_size": 16, "epochs": 3, **changes}
    contender = MLPInt8(MLPInt8Config(**settings))
    for epoch in (1, 2, 3):
        list(contender.learn(images, epoch))
    return contender


def test_weights_are_rounded_to_the_nearest_127th_of_their_neurons_largest(
    rng: np.random.Generator,
) -> None:
    drawn = rng.standard_normal((7, 50))
    rounded = RoundedWeight(torch.from_numpy(drawn.astype(np.float32)))
    step = abs(drawn).max(axis=1, keepdims=True) / 127
    codes = np.rint(drawn / step)
    weight = torch.from_numpy(drawn.astype(np.float32))
    np.testing.assert_array_equal(rounded.codes(weight).numpy(), codes)
    np.testing.assert_allclose(rounded(weight).numpy(), codes * step, rtol=1e-6)


def test_exported_weights_are_eight_bits_and_give_the_same_answers(few: Images) -> None:
    contender = learned(few)
    state, scores = contender.state(), contender.respond(few).scores
    for name in ("hidden", "output"):
        assert state[f"{name}.weight"].dtype == np.int8
        assert (abs(state[f"{name}.weight"].astype(int)).max(axis=1) <= 127).all()
        layer: Any = contender.module.get_submodule(name)
        effective = layer.weight.detach().numpy()
        grid = state[f"{name}.weight"] * state[f"{name}.step"][:, None]
        np.testing.assert_array_equal(effective, grid)
    again = MLPInt8(contender.config)
    again.restore(state)
    np.testing.assert_array_equal(again.respond(few).scores, scores)
    for name, value in again.state().items():
        np.testing.assert_array_equal(value, state[name])


@pytest.mark.parametrize("bits", [1, 4, 8, 10])
def test_answers_are_products_of_whole_numbers(few: Images, bits: int) -> None:
    contender = learned(few, activation_bits=bits)
    state, scales = contender.state(), contender.module.scales
    top = 2**bits - 1
    pixels = np.rint(few.flat.astype(np.float64) / 255 * top).astype(np.int64)
    sums = pixels @ state["hidden.weight"].T.astype(np.int64)  # whole numbers
    hidden = sums * (state["hidden.step"] * scales[0] / top) + state["hidden.bias"]
    step = float(state["hidden.top"][0]) / top
    codes = np.clip(np.rint(hidden / step), 0, top).astype(np.int64)
    expected = codes @ state["output.weight"].T.astype(np.int64)
    scores = expected * (state["output.step"] * scales[1] * step)
    # A sum that lies on the border of two codes may fall to either side.
    close = np.isclose(contender.respond(few).scores, scores, rtol=1e-3, atol=1e-3)
    assert close.mean() > 0.95


def test_activations_take_as_many_values_as_their_bits_have() -> None:
    rounding = RoundedActivation(3, top=2.0)
    values = torch.linspace(-1, 4, 2000)
    rounded = rounding(values)
    torch.testing.assert_close(rounded.unique(), torch.arange(8) * 2.0 / 7)
    inside = (values > 0) & (values < 2)
    assert (rounded - values)[inside].abs().max() <= 1 / 7 + 1e-6


def test_rounding_lets_gradients_through_where_it_does_not_cut() -> None:
    values = torch.tensor([-0.5, 0.1, 0.9, 1.5], requires_grad=True)
    RoundedActivation(4, top=1.0)(values).sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [0, 1, 1, 0]


def test_the_top_follows_activations_in_training_only() -> None:
    rounding = RoundedActivation(4)
    rounding(torch.tensor([2.0]))
    rounding(torch.tensor([4.0]))
    assert rounding.top.item() == pytest.approx(0.99 * 2 + 0.01 * 4)
    rounding.eval()
    rounding(torch.tensor([100.0]))
    assert rounding.top.item() == pytest.approx(0.99 * 2 + 0.01 * 4)


def test_absent_synapses_stay_zero(few: Images) -> None:
    columns: dict[str, Any] = {"hidden": (72,), "synapses": "columns", "columns": 3, "field": 12}
    contender = learned(few, **columns)
    mask = contender.config.mask(contender.spec)
    assert mask is not None
    assert not contender.state()["hidden.weight"][~mask.T].any()
    n = int(mask.sum())
    assert contender.synapses()[0].places == n
    assert contender.footprint().parameters_bytes == n + 720 + 4 * (72 + 72 + 10)


def test_the_record_tells_the_bits(few: Images) -> None:
    contender = MLPInt8(MLPInt8Config(hidden=(8,), activation_bits=6))
    extras = contender.record_extras(few, contender.respond(few))
    assert extras == {"bits": {"weight": 8, "activation": 6}}


@pytest.mark.parametrize("n_steps", [1, 2, 3, 4, 7, 8, 20, 50, 127, 128, 706])
def test_a_spiking_networks_steps_decide_its_twins_bits(n_steps: int) -> None:
    kind = find("izhikevich-gradient")
    twin = kind.twins(kind.config_type(n_steps=n_steps))[1]  # type: ignore[call-arg]
    assert twin.contender == "mlp-int8"
    assert twin.settings["activation_bits"] == math.ceil(math.log2(n_steps + 1))


def test_what_it_cannot_do_is_refused() -> None:
    with pytest.raises(UserError, match=r"`activation_bits` \(=0\) must be from 1 to 16"):
        MLPInt8Config(activation_bits=0)
    with pytest.raises(UserError, match=r"`engine` \(=tensorflow\) must be native"):
        MLPInt8Config(engine="tensorflow")
    with pytest.raises(UserError, match="mlp-int8 has no Keras model"):
        MLPInt8(MLPInt8Config(hidden=(8,))).keras_model()
