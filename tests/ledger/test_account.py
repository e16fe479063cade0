"""Accounts derived from recordings, by hand and by their laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.ledger.account import Account, account_of
from spikeoff.ledger.recording import Recording, Synapses

WEIGHTS = np.array([[1.0, 0.0, -2.0], [0.0, 0.0, 0.0]])  # sources meet 2 and 0 targets


def account(seed: int, n: int, readings: int) -> Account:
    rng = np.random.default_rng(seed)
    sizes = dict(zip(("input", "hidden", "output"), rng.integers(1, 6, 3).tolist(), strict=True))
    spikes = {
        name: rng.integers(0, 2, (n, readings, size)).astype(np.uint8)
        for name, size in sizes.items()
    }
    synapses = [
        Synapses.of(f"from {a}", a, rng.integers(-1, 2, (sizes[a], sizes[b])).astype(float))
        for a, b in (("input", "hidden"), ("hidden", "output"))
    ]
    recording = Recording.of_spikes(spikes, rng.random((n, readings, 3)))
    return account_of(recording, synapses, rng.integers(0, 3, n).astype(np.uint8))


def test_two_images_and_two_readings_by_hand() -> None:
    scores = np.zeros((2, 2, 2), np.float32)
    scores[0, 0, 1] = scores[0, 1, 0] = scores[1, :, 1] = 1  # wrong then right; right twice
    recording = Recording(
        {"input": np.array([[3, 5], [4, 1]]), "output": np.array([[2, 0, 0], [1, 0, 3]])},
        scores,
        steps=np.array([4, 8]),
        image_steps=np.array([8, 13]),  # one image was done after 5 steps
        hidden=("output",),
        updated=("output",),
    )
    result = account_of(recording, [Synapses.of("in", "input", WEIGHTS)], np.array([0, 1], "u1"))
    (layer,) = result.operations.layers
    assert layer.dense_macs == 6 * 6.5
    assert layer.effective_acs == 7 * 2 / 2
    assert layer.effective_macs == 0
    assert result.operations.membrane_updates == 3 * 6.5
    assert [r.effective_acs for r in result.anytime] == [3, 7]
    assert [r.accuracy for r in result.anytime] == [0.5, 1]
    assert [r.membrane_updates for r in result.anytime] == [12, 19.5]
    assert result.sparsity.connection == pytest.approx(4 / 6)
    assert result.sparsity.activation == pytest.approx(1 - 6 / (3 * 13))
    assert result.activity.input_per_example == 13 / 2
    assert result.activity.hidden_per_example == 6 / 2
    assert result.activity.hidden_rate == pytest.approx(6 / (3 * 13))


def test_two_layers_into_one_population_count_it_once() -> None:
    """Input and inhibition lead to the same two neurons, which fire 3 times for 2 images."""
    events = {"input": [[4, 0]], "a": [[1, 2]], "b": [[1, 1]]}
    recording = Recording(
        {name: np.array(sent) for name, sent in events.items()}, np.zeros((2, 1, 3), np.float32),
        np.array([5]), np.array([10]), ("a",), ("a", "b"),
    )  # fmt: skip
    eye, ones = np.eye(2), np.ones((2, 2))
    synapses = [
        Synapses.of("input to a", "input", ones, biases=2),
        Synapses.of("a to b", "a", eye, learned=False),
        Synapses.of("b to a", "b", ones - eye, target="a", learned=False),
    ]
    operations = account_of(recording, synapses, np.zeros(2, np.uint8), readout=6).operations
    first, across, back = operations.layers
    assert [layer.neurons for layer in operations.layers] == [2, 2, 0]
    assert operations.membrane_updates == operations.steps * 4 == 20
    assert (first.events_in, first.events_out) == (2, 1.5)
    assert (across.events_in, across.events_out) == (1.5, 1)
    assert (back.events_in, back.events_out) == (1, 0)
    assert (across.places, across.stored, across.biases, first.biases) == (4, 2, 0, 2)
    assert not any(layer.output for layer in operations.layers)
    assert operations.widths == (2, 2, 3)
    assert operations.events == {"input": 2, "a": 1.5, "b": 1}
    assert operations.readout == 6


def test_values_cost_multiplications_and_spikes_additions() -> None:
    values = np.array([[0.0, 0.5], [1.0, 0.0], [1.0, 2.0]])
    synapses = [Synapses.of("in", "input", np.ones((2, 4)))]
    labels = np.zeros(3, np.uint8)
    found = []
    for sent in (values, values > 0):
        recording = Recording.of_values({"input": sent}, np.zeros((3, 4)))
        operations = account_of(recording, synapses, labels).operations
        assert operations.steps == 1
        found.append((operations.effective_macs, operations.effective_acs))
    assert found == [(16 / 3, 0.0), (0.0, 16 / 3)]


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 6))
def test_the_last_reading_is_the_total_and_costs_only_rise(seed: int, n: int, k: int) -> None:
    result = account(seed, n, k)
    operations, last = result.operations, result.anytime[-1]
    assert last.effective_acs == operations.effective_acs
    assert last.membrane_updates == operations.membrane_updates
    assert operations.effective_acs == sum(layer.effective_acs for layer in operations.layers)
    assert operations.dense_macs == sum(layer.dense_macs for layer in operations.layers)
    for cost in ("steps", "effective_acs", "membrane_updates"):
        values = [getattr(reading, cost) for reading in result.anytime]
        assert values == sorted(values)


@given(st.integers(0, 2**32), st.integers(2, 6), st.integers(1, 4))
def test_recordings_of_parts_join_to_that_of_all(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    spikes = {
        name: rng.integers(0, 2, (n, k, size)) for name, size in (("input", 4), ("output", 3))
    }
    scores = rng.random((n, k, 3)).astype(np.float32)
    whole = Recording.of_spikes(spikes, scores)
    cut = int(rng.integers(1, n))
    parts = [
        Recording.of_spikes({name: s[part] for name, s in spikes.items()}, scores[part])
        for part in (slice(0, cut), slice(cut, n))
    ]
    joined = Recording.joined(parts)
    np.testing.assert_array_equal(joined.scores, whole.scores)
    np.testing.assert_array_equal(joined.image_steps, whole.image_steps)
    for name in spikes:
        np.testing.assert_array_equal(joined.events[name], whole.events[name])


def test_what_synapses_do_not_name_they_do_not_have() -> None:
    synapses = Synapses("a", "input", np.array([2]), 1, 2, 3)
    told = {"name", "source", "met", "dense", "places", "nonzero"}
    rest = {name: value for name, value in vars(synapses).items() if name not in told}
    assert rest.pop("learned")
    assert not any(rest.values())
    assert synapses.existing == 3


def test_without_images_there_are_no_readings() -> None:
    assert account(0, 0, 3).anytime == ()
