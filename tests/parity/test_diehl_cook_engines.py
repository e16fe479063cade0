"""The native engine, Brian2 and a naive simulation: the same spikes, weights and thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeoff.coding.poisson import Trains, poisson_trains
from spikeoff.contenders.diehl_cook.connections import generate
from spikeoff.contenders.diehl_cook.engines.native import NativeEngine
from spikeoff.contenders.diehl_cook.kernels.poisson_trains import draw_trains
from spikeoff.contenders.diehl_cook.network import Constants, Layer
from spikeoff.data import Images
from spikeoff.learning.stdp import TripletParams
from tests import small_data
from tests.parity.naive_diehl_cook import NaiveEngine

pytestmark = pytest.mark.reference


def layers(n: int, n_2: int, *, fed: float = 0) -> list[Layer]:
    """Fresh layers of these sizes, the same at every call; ``fed`` scales XeAi."""
    rng = np.random.default_rng(0)
    result = []
    for size, n_inputs, longest in ((n, 784, 20), (n_2, n, 0)):
        made = generate(max(size, 2), max(size, 2), seed=size)
        if size:
            result.append(
                Layer(
                    0.3 * (rng.random((size, n_inputs)) + 0.01),
                    rng.integers(0, longest + 1, (size, n_inputs)).astype(np.uint8),
                    made["AeAi"].weights,
                    made["AiAe"].weights,
                    np.full(size, 20.0),
                )
            )
    if fed:
        result[0].input_to_inhibitory = fed * generate(n, n, seed=9)["XeAi"].weights.T
        result[0].input_delays = rng.integers(0, 21, (n, 784)).astype(np.uint8)
    return result


def constants(n: int, n_2: int, **changes: Any) -> Constants:
    if n_2:
        changes |= {"weight_sums": (78.0, n / 10), "gains": (1.0, 40.0)}
    return Constants(**changes)


def trains(images: Images, example: int, steps: int = 700, intensity: float = 2.0) -> Trains:
    pixels, number = images.flat[example], int(images.ids[example])
    return Trains(*draw_trains(pixels, steps, intensity, 0.5, number, 1, 0, 0))


def hold_together(one: Any, other: Any, n_layers: int, inputs: list[Trains]) -> None:
    n_spikes = np.zeros(n_layers, int)
    before = [one.weights(layer) for layer in range(n_layers)]
    for example, train in enumerate(inputs):
        pairs = zip(one.present(train), other.present(train), strict=True)
        for layer, ((steps, neurons), (other_steps, other_neurons)) in enumerate(pairs):
            np.testing.assert_array_equal(steps, other_steps, f"example {example}")
            np.testing.assert_array_equal(neurons, other_neurons, f"example {example}")
            n_spikes[layer] += len(steps)
    assert n_spikes.sum() > 5 * len(inputs)
    assert n_spikes.all()
    for layer in range(n_layers):
        assert (one.weights(layer) != before[layer]).any()
        np.testing.assert_allclose(one.weights(layer), other.weights(layer), rtol=0, atol=1e-9)
        np.testing.assert_allclose(one.theta(layer), other.theta(layer), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("n", "n_2", "fed", "examples"),
    [(100, 0, 0, 8), (400, 0, 0, 3), (100, 30, 0, 6), (400, 100, 0, 3), (100, 0, 2, 6)],
)
def test_brian2_and_the_native_engine_agree_spike_for_spike(
    n: int, n_2: int, fed: float, examples: int
) -> None:
    """Brian2 takes seconds an image: the larger the network, the fewer."""
    pytest.importorskip("brian2")
    from spikeoff.contenders.diehl_cook.engines.brian2_engine import Brian2Engine

    images = small_data.dataset().train
    chosen = constants(n, n_2)
    native = NativeEngine(chosen, layers(n, n_2, fed=fed), dtype=np.float64, room=50_000)
    brian = Brian2Engine(chosen, layers(n, n_2, fed=fed), codegen="numpy")
    hold_together(native, brian, 1 + bool(n_2), [trains(images, e) for e in range(examples)])


@pytest.mark.parametrize("dt", [0.25, 0.5])
@pytest.mark.parametrize("resting_steps", [21, 100])
@pytest.mark.parametrize(("w_max", "fed"), [(0.15, 0), (1.0, 0.5)])
def test_the_naive_simulation_and_the_native_engine_agree(
    dt: float, resting_steps: int, w_max: float, fed: float
) -> None:
    images = small_data.dataset().train
    rule = TripletParams(nu_pre=1e-3, nu_post=0.05, w_max=w_max)
    chosen = constants(20, 7, dt=dt, example_steps=200, resting_steps=resting_steps, stdp=rule)
    native = NativeEngine(chosen, layers(20, 7, fed=fed), dtype=np.float64, room=50_000)
    naive = NaiveEngine(chosen, layers(20, 7, fed=fed))
    inputs = [trains(images, e, steps=200, intensity=12.0) for e in range(8)]
    hold_together(native, naive, 2, inputs)


def test_the_kernel_draws_the_spikes_of_the_encoding() -> None:
    images = small_data.dataset().train
    for example in range(5):
        for ours, theirs in zip(
            trains(images, example),
            poisson_trains(
                images.flat[example], 700, 2.0, 0.5,
                example=int(images.ids[example]), epoch=1, presentation=0, seed=0,
            ),
            strict=True,
        ):  # fmt: skip
            np.testing.assert_array_equal(ours, theirs)
