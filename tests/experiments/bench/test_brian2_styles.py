"""However Brian2 is run, it learns what the reference engine learns."""

from __future__ import annotations

import numpy as np
import pytest

from spikeoff.coding.poisson import Trains, poisson_trains
from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.initial_layers import make_constants, make_layers
from spikeoff.contenders.diehl_cook.network import Constants, Layer
from spikeoff.data import load_dataset
from spikeoff.experiments.bench.brian2_styles import Brian2Styles, run_standalone

pytestmark = pytest.mark.reference


@pytest.fixture(autouse=True)
def brian2() -> None:
    """Skip without it; it is imported where it is needed, not by every collection of tests."""
    pytest.importorskip("brian2")


CONFIG = DiehlCookConfig(n_e=20, example_time=0.1, resting_time=0.02, input_intensity=8.0)


def network() -> tuple[Constants, list[Layer]]:
    """A network whose weights have their sum already, as standalone code does not normalise."""
    layers, _ = make_layers(CONFIG)
    layers[0].weights *= CONFIG.weight_sum / layers[0].weights.sum(axis=1, keepdims=True)
    return make_constants(CONFIG, 20), layers


def trains(n: int) -> list[Trains]:
    images = load_dataset().train
    return [
        poisson_trains(
            images.flat[number], 200, 8.0, CONFIG.dt, example=number, epoch=1, presentation=0,
            seed=0,
        )
        for number in range(n)
    ]  # fmt: skip


def test_two_runs_an_image_and_one_run_for_all_learn_the_same() -> None:
    engines = [Brian2Styles(*network(), codegen="numpy") for _ in range(3)]
    reference, two, one = engines
    for train in trains(3):
        reference.present(train)
        two.learn_in_two_runs(train)
    one.learn_in_one_run(trains(3))
    changed = abs(reference.weights(0) - network()[1][0].weights).max()
    assert changed > 1e-3
    for engine in (two, one):
        np.testing.assert_allclose(engine.weights(0), reference.weights(0), rtol=0, atol=1e-9)
        np.testing.assert_allclose(engine.theta(0), reference.theta(0), rtol=0, atol=1e-9)


def test_standalone_code_learns_the_same_from_an_image() -> None:
    reference = Brian2Styles(*network(), codegen="numpy")
    reference.learn_in_one_run(trains(1))
    done = run_standalone(*network(), trains(1), threads=1)
    np.testing.assert_allclose(done.weights, reference.weights(0), rtol=0, atol=1e-9)
    assert 0 < done.seconds < done.compiling
