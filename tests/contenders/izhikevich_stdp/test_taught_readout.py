"""The output layer's answer and what a label teaches it, against NumPy and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from spikeoff.contenders.izhikevich_stdp.kernels import taught_readout as output
from spikeoff.neurons.izhikevich import FAST_SPIKING, V_FLOOR, V_PEAK

N_STEPS, BANDS, WIDTH = 20, 2, 5
GAIN, BIAS, DECAY, SLOPE = 2.0, 3.5, 0.9, 0.4


def made(
    weights: NDArray[np.float64], per_synapse: int = 1, *, spiking: bool = True
) -> output.Readout:
    padded = np.zeros((BANDS * WIDTH * per_synapse, output.LANES))
    padded[:, :10] = weights
    return output.Readout(padded, per_synapse, 10, GAIN, BIAS, DECAY, 0.1, SLOPE, spiking)


def answered(spikes: NDArray[np.uint8], readout: output.Readout) -> tuple[Any, NDArray[np.int32]]:
    """The answer, and the hidden neurons' spike counts."""
    counts = spikes.sum(axis=1, dtype=np.int32)
    out = output.blank(readout, N_STEPS)
    output.answer(spikes, counts, readout, FAST_SPIKING.constants(), 1.0, out)
    return out, counts


def test_the_answer_follows_the_equations(rng: np.random.Generator) -> None:
    weights = rng.standard_normal((BANDS * WIDTH, 10)) * 2
    readout = made(weights)
    spikes = (rng.random((BANDS, N_STEPS, WIDTH)) < 0.4).astype(np.uint8)
    out, counts = answered(spikes, readout)
    drive = spikes.transpose(1, 0, 2).reshape(N_STEPS, -1) @ weights
    synaptic, v, u, fired = np.zeros(10), np.full(10, -65.0), np.full(10, -13.0), np.zeros(10)
    for step in range(N_STEPS):
        synaptic = DECAY * synaptic + drive[step]
        current = GAIN * (synaptic - synaptic.mean()) + BIAS
        v, u = v + 0.04 * v**2 + 5 * v + 140 - u + current, u + 0.1 * (0.2 * v - u)
        np.testing.assert_allclose(out.reached[step, :10], v, rtol=1e-9)
        np.testing.assert_allclose(out.current[step, :10], current, rtol=1e-9, atol=1e-9)
        fired += v >= V_PEAK
        u += 2.0 * (v >= V_PEAK)
        v = np.where(v >= V_PEAK, -65.0, np.maximum(v, V_FLOOR))
    assert fired.sum() > 5
    np.testing.assert_array_equal(out.counts[:10], fired)
    np.testing.assert_allclose(out.shares[:10], softmax(SLOPE * counts.ravel() @ weights))


def test_the_delta_rule_by_hand() -> None:
    """Without weights every share is 0.1: the label's neuron gains 0.9, the others lose 0.1."""
    readout = made(np.zeros((BANDS * WIDTH, 10)))
    spikes = np.zeros((BANDS, N_STEPS, WIDTH), np.uint8)
    spikes[0, :3, 1] = 1  # neuron 1 fires three times
    spikes[1, 5, 2] = 1  # neuron 7 once
    out, _ = answered(spikes, readout)
    changed = output.teach_by_error(4, readout, 0.005, out)
    expected = np.zeros((BANDS * WIDTH, 10))
    expected[1], expected[7] = -0.0015, -0.0005
    expected[1, 4], expected[7, 4] = 0.0135, 0.0045
    np.testing.assert_allclose(readout.weights[:, :10], expected, atol=1e-15)
    assert (readout.weights[:, 10:] == 0).all()
    np.testing.assert_allclose(changed, abs(expected).sum())


def test_the_delta_rule_is_pre_times_post_error(rng: np.random.Generator) -> None:
    weights = rng.standard_normal((BANDS * WIDTH, 10))
    readout = made(weights)
    spikes = (rng.random((BANDS, N_STEPS, WIDTH)) < 0.3).astype(np.uint8)
    out, counts = answered(spikes, readout)
    output.teach_by_error(7, readout, 0.01, out)
    error = np.eye(10)[7] - softmax(SLOPE * counts.ravel() @ weights)
    expected = weights + 0.01 * np.outer(counts.ravel(), error)
    np.testing.assert_allclose(readout.weights[:, :10], expected, atol=1e-12)


def test_plain_hebb_strengthens_the_labels_neuron_and_keeps_its_length() -> None:
    weights = np.zeros((BANDS * WIDTH, 10))
    weights[0], weights[6] = 2.5, 4.0
    readout = made(weights)
    spikes = np.zeros((BANDS, N_STEPS, WIDTH), np.uint8)
    spikes[0, :2, 0] = 1
    out, _ = answered(spikes, readout)
    output.teach_plainly(3, readout, 0.25, 10.0, out)
    expected = weights.copy()
    expected[0, 3] = 6.0  # 2.5 + 0.25 x 2 spikes x 1 = 3; (3, 4) of length 5, scaled to 10
    expected[6, 3] = 8.0
    np.testing.assert_allclose(readout.weights[:, :10], expected)


def test_silence_teaches_nothing(rng: np.random.Generator) -> None:
    weights = rng.standard_normal((BANDS * WIDTH, 10))
    readout = made(weights)
    out, _ = answered(np.zeros((BANDS, N_STEPS, WIDTH), np.uint8), readout)
    assert output.teach_by_error(2, readout, 0.1, out) == 0
    np.testing.assert_array_equal(readout.weights[:, :10], weights)


def by_ordinal(spikes: NDArray[np.uint8], per_synapse: int) -> NDArray[np.float64]:
    """[n_steps, neurons * per_synapse] each spike at the place of its number in the train."""
    in_order = spikes.transpose(1, 0, 2).reshape(N_STEPS, -1)
    placed = np.zeros((N_STEPS, in_order.shape[1], per_synapse))
    for neuron, train in enumerate(in_order.T):
        for number, step in enumerate(np.flatnonzero(train)):
            placed[step, neuron, min(number, per_synapse - 1)] = 1
    return placed.reshape(N_STEPS, -1)


@pytest.mark.parametrize("per_synapse", [1, 2, 3, 6])
@pytest.mark.parametrize("spiking", [True, False])
def test_each_spike_meets_the_weight_of_its_number(
    rng: np.random.Generator, per_synapse: int, spiking: bool
) -> None:
    weights = rng.standard_normal((BANDS * WIDTH * per_synapse, 10))
    readout = made(weights, per_synapse, spiking=spiking)
    spikes = (rng.random((BANDS, N_STEPS, WIDTH)) < 0.3).astype(np.uint8)
    assert spikes.sum(axis=1).max() > per_synapse  # so the last weight is met several times
    out, _ = answered(spikes, readout)
    placed = by_ordinal(spikes, per_synapse)
    received = (placed @ weights).sum(axis=0)
    np.testing.assert_allclose(out.received[:10], received)
    np.testing.assert_allclose(out.shares[:10], softmax(SLOPE * received))
    np.testing.assert_array_equal(out.pre, placed.sum(axis=0))
    if not spiking:
        np.testing.assert_allclose(out.current[:, :10], placed @ weights, atol=1e-12)
        scores = [output.score(readout, out, k) for k in range(10)]
        np.testing.assert_allclose(scores, SLOPE * received)
        assert not out.counts.any()
    output.teach_by_error(7, readout, 0.01, out)
    error = np.eye(10)[7] - softmax(SLOPE * received)
    expected = weights + 0.01 * np.outer(placed.sum(axis=0), error)
    np.testing.assert_allclose(readout.weights[:, :10], expected, atol=1e-12)


def test_equal_weights_by_number_are_one_weight(rng: np.random.Generator) -> None:
    weights = rng.standard_normal((BANDS * WIDTH, 10))
    spikes = (rng.random((BANDS, N_STEPS, WIDTH)) < 0.4).astype(np.uint8)
    out, _ = answered(spikes, made(weights))
    other, _ = answered(spikes, made(weights.repeat(4, axis=0), 4))
    np.testing.assert_array_equal(other.counts, out.counts)
    np.testing.assert_allclose(other.reached, out.reached)


@pytest.mark.parametrize("spiking", [True, False])
def test_the_last_answer_by_step_is_the_answer(rng: np.random.Generator, spiking: bool) -> None:
    weights = rng.standard_normal((BANDS * WIDTH * 3, 10))
    readout = made(weights, 3, spiking=spiking)
    spikes = (rng.random((BANDS, N_STEPS, WIDTH)) < 0.4).astype(np.uint8)
    out, _ = answered(spikes, readout)
    expected = [output.score(readout, out, k) for k in range(10)]
    received = by_ordinal(spikes, 3).cumsum(axis=0) @ weights
    by_step = np.zeros((N_STEPS, 10))
    output.score_by_step(readout, FAST_SPIKING.constants(), out, by_step)
    np.testing.assert_allclose(by_step[-1], expected)
    if not spiking:
        np.testing.assert_allclose(by_step, SLOPE * received)
