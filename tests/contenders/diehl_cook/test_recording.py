"""Recordings of the Diehl & Cook network against its plain answers and a naive simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.contender import DiehlCook
from spikeoff.contenders.diehl_cook.engines.native import NativeEngine
from spikeoff.contenders.diehl_cook.kernels.poisson_trains import draw_trains
from spikeoff.contenders.diehl_cook.network import Constants
from spikeoff.data import Images
from spikeoff.ledger.recording import Recording
from tests import small_data
from tests.parity.naive_diehl_cook import NaiveEngine, NaiveLayer
from tests.parity.test_diehl_cook_engines import constants, layers, trains

STEPS = 300


def normalised(n: int, n_2: int, fed: float) -> list[Any]:
    made = layers(n, n_2, fed=fed)
    for layer, total in zip(made, (78.0, n / 10), strict=False):
        layer.weights *= total / layer.weights.sum(axis=1, keepdims=True)
    return made


def spikes_each(responses: NDArray[np.int32]) -> NDArray[np.float32]:
    return responses.astype(np.float32)


def images(n: int, brightness: float = 1.0) -> Images:
    shown = small_data.dataset().train.take(slice(0, n))
    return Images((shown.pixels * brightness).astype(np.uint8), shown.labels, shown.ids)


def engine(made: list[Any], chosen: Constants, **changes: Any) -> NativeEngine:
    return NativeEngine(chosen, made, dtype=np.float64, **changes)


class RememberingLayer(NaiveLayer):
    """Remembers the inhibitory spikes of every step."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.inhibited: list[Any] = []

    def deliver(self, inputs: NDArray[np.bool_], now: int, learn: bool) -> None:
        self.inhibited.append(self.fired_i.copy())
        super().deliver(inputs, now, learn)


@pytest.mark.parametrize(("n_2", "fed"), [(0, 0.0), (12, 0.0), (0, 2.0)])
def test_every_spike_is_that_of_a_naive_simulation(n_2: int, fed: float) -> None:
    chosen = constants(40, n_2, example_steps=STEPS, resting_steps=0)
    ours = engine(normalised(40, n_2, fed), chosen, intensity=6.0)
    total = 0
    for example in range(3):
        recording = ours.record(images(3).take(slice(example, example + 1)), 1, 1, spikes_each)
        fired, inhibited = (
            np.hstack([sent[:STEPS] for name, sent in recording.events.items() if kind in name])
            for kind in ("excitatory", "inhibitory")
        )  # it is shown once
        naive = NaiveEngine(chosen, [])
        naive.layers = [
            RememberingLayer(chosen, layer, k) for k, layer in enumerate(normalised(40, n_2, fed))
        ]
        spikes = naive.present(trains(images(3), example, STEPS, 6.0), learn=False)
        raster = np.zeros((STEPS, 40 + n_2), np.int64)
        for (steps, neurons), first in zip(spikes, (0, 40), strict=False):
            raster[steps, first + neurons] = 1
        np.testing.assert_array_equal(fired, raster)
        expected = np.hstack([layer.inhibited for layer in naive.layers])  # type: ignore[attr-defined]
        np.testing.assert_array_equal(inhibited, expected)
        total += int(expected.sum())
    assert total > 20


@pytest.fixture(scope="module")
def dim() -> tuple[NativeEngine, Images, Recording]:
    """Images so dark that some must be shown again."""
    shown = images(60, brightness=0.4)
    fresh = engine(normalised(30, 8, 0), constants(30, 8, example_steps=STEPS), num_threads=1)
    return fresh, shown, fresh.record(shown, 1, 70, spikes_each)


def presentations(fresh: NativeEngine, shown: Images) -> list[int]:
    """How often each image is shown, from recordings of each alone."""
    alone = [shown.take(slice(k, k + 1)) for k in range(len(shown))]
    steps = [int(fresh.record(one, 1, STEPS, spikes_each).image_steps[-1]) for one in alone]
    return [n // STEPS for n in steps]


def test_the_last_reading_is_the_plain_response(
    dim: tuple[NativeEngine, Images, Recording],
) -> None:
    fresh, shown, recording = dim
    responses, _ = fresh.respond(shown, 1)
    np.testing.assert_array_equal(recording.scores[:, -1], responses)
    assert len(set(presentations(fresh, shown))) > 1


def test_every_presentation_counts(dim: tuple[NativeEngine, Images, Recording]) -> None:
    fresh, shown, recording = dim
    responses, last_inputs = fresh.respond(shown, 1)
    each = presentations(fresh, shown)
    assert recording.steps.tolist() == [
        70, 140, 210, 280, *(300 * k for k in range(1, max(each) + 1)),
    ]  # fmt: skip
    assert recording.image_steps[-1] == STEPS * sum(each)
    sent = np.zeros(784, np.int64)
    for e, n in enumerate(each):
        for k in range(n):
            pixels, first, _ = draw_trains(
                shown.flat[e], STEPS, 2.0 + k, 0.5, int(shown.ids[e]), 1, k, 0
            )
            np.add.at(sent, pixels, np.diff(first))
    np.testing.assert_array_equal(recording.events["input"].sum(axis=0), sent)
    assert sent.sum() > last_inputs.sum()
    assert sum(recording.events[name].sum() for name in recording.hidden) > responses.sum()


def test_threads_change_nothing(dim: tuple[NativeEngine, Images, Recording]) -> None:
    _, shown, recording = dim
    chosen = constants(30, 8, example_steps=STEPS)
    other = engine(normalised(30, 8, 0), chosen, num_threads=2).record(shown, 1, 70, spikes_each)
    np.testing.assert_array_equal(other.scores, recording.scores)
    np.testing.assert_array_equal(other.image_steps, recording.image_steps)
    for name, sent in recording.events.items():
        np.testing.assert_array_equal(other.events[name], sent, name)


def test_an_account_names_both_layers_synapses_and_sees_weak_inhibition() -> None:
    settings: dict[str, Any] = {
        "n_e": 20, "n_e2": 6, "example_time": 0.1, "input_intensity": 8.0, "connect_xeai": True,
    }  # fmt: skip
    shown = images(10)
    accounts = []
    for strength in (1.0, 0.0):
        contender = DiehlCook(DiehlCookConfig(response_inhibition=strength, **settings))
        accounts.append(contender.account(shown).operations)
    back = "inhibitory 1 to excitatory 1"
    assert [layer.name for layer in accounts[0].layers] == [
        "input to excitatory 1", "input to inhibitory 1", "excitatory 1 to inhibitory 1", back,
        "excitatory 1 to excitatory 2", "excitatory 2 to inhibitory 2",
        "inhibitory 2 to excitatory 2",
    ]  # fmt: skip
    by_name = [{layer.name: layer for layer in one.layers} for one in accounts]
    assert by_name[0][back].effective_acs > 0
    assert by_name[1][back].effective_acs == 0  # inhibition of strength 0 is no synapse
    assert accounts[0].membrane_updates == 200 * 2 * (20 + 6)
