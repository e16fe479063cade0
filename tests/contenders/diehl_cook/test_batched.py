"""Learning in batches: what online learning is for one image and small rates, on any threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.contender import DiehlCook
from spikeoff.contenders.diehl_cook.engines.native import NativeEngine
from spikeoff.contenders.diehl_cook.initial_layers import make_layers
from spikeoff.contenders.diehl_cook.network import Constants
from spikeoff.data import Images
from spikeoff.errors import UserError
from spikeoff.learning.homeostasis import ThresholdParams
from spikeoff.learning.stdp import TripletParams
from tests import small_data

SUMS = (78.0, 2.0)


def images(n: int) -> Images:
    return small_data.dataset().train.take(slice(0, n))


def engine(
    rate: float, batch: int | None, threads: int = 1, theta_plus: float = 0.05
) -> NativeEngine:
    layers, _ = make_layers(DiehlCookConfig(n_e=20, n_e2=6))
    rule = TripletParams(nu_pre=1e-2 * rate, nu_post=rate)
    constants = Constants(
        example_steps=200, resting_steps=100, stdp=rule, weight_sums=SUMS, gains=(1.0, 40.0),
        threshold=ThresholdParams(plus=theta_plus),
    )  # fmt: skip
    return NativeEngine(
        constants, layers, dtype=np.float64, intensity=8.0, batch=batch, num_threads=threads
    )


def normalised(fresh: NativeEngine, layer: int) -> NDArray[np.float64]:
    weights = fresh.weights(layer)
    scaled: NDArray[np.float64] = weights * SUMS[layer] / weights.sum(axis=1, keepdims=True)
    return scaled


def test_for_small_rates_a_batch_of_one_is_online_learning() -> None:
    online, batched = engine(1e-6, None), engine(1e-6, 1)
    spikes = online.learn(images(1), 1)
    np.testing.assert_array_equal(batched.learn(images(1), 1), spikes)
    assert spikes.sum() > 20
    for layer in (0, 1):
        start = normalised(engine(1e-6, 1), layer)
        learned, gathered = (one.weights(layer) - start for one in (online, batched))
        assert np.count_nonzero(learned) > 10
        np.testing.assert_allclose(gathered, learned, rtol=0, atol=1e-3 * abs(learned).max())
        np.testing.assert_allclose(batched.theta(layer), online.theta(layer), rtol=0, atol=1e-5)


def test_changes_of_a_batch_add_up() -> None:
    apart, together = (engine(1e-6, batch, theta_plus=0.0) for batch in (1, 4))
    start = [normalised(apart, layer) for layer in (0, 1)]
    np.testing.assert_array_equal(apart.learn(images(4), 1), together.learn(images(4), 1))
    for layer in (0, 1):
        one, sum_of_four = (normalised(e, layer) - start[layer] for e in (apart, together))
        assert abs(one).max() > 1e-7
        np.testing.assert_allclose(sum_of_four, one, rtol=0, atol=1e-3 * abs(one).max())


def test_the_number_of_threads_changes_nothing() -> None:
    one, two = engine(0.01, 25), engine(0.01, 25, threads=2)
    np.testing.assert_array_equal(one.learn(images(60), 1), two.learn(images(60), 1))
    for layer in (0, 1):
        np.testing.assert_array_equal(one.weights(layer), two.weights(layer))
        np.testing.assert_array_equal(one.theta(layer), two.theta(layer))


def test_weights_stay_in_bounds_and_neurons_specialise() -> None:
    learner = engine(0.05, 20)
    learner.learn(images(200), 1)
    weights = learner.weights(0)
    assert ((weights >= 0) & (weights <= 1)).all()
    assert weights.std() > 1.5 * engine(0.05, 20).weights(0).std()


def test_batches_are_for_the_native_engine() -> None:
    with pytest.raises(UserError, match=r"`learning` \(=batched\)"):
        DiehlCookConfig(learning="batched", engine="brian2")


@pytest.mark.slow  # it alone needs this kernel in single precision
def test_a_batched_contender_goes_on_from_its_state() -> None:
    fields: dict[str, Any] = {
        "n_e": 20, "example_time": 0.1, "input_intensity": 8.0, "learning": "batched",
        "weight_update_interval": 20, "save_interval": 50,
    }  # fmt: skip
    contender = DiehlCook(DiehlCookConfig(**fields))
    steps = [step.examples for step in contender.learn(images(100), 1)]
    assert steps == [20, 20, 10, 10, 20, 20]
