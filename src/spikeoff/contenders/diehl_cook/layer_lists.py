"""The network as a list of layers (``contenders.layer_list``), and the input spikes that go in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.kernels.digit_loop import MAX_PRESENTATIONS
from spikeoff.contenders.diehl_cook.kernels.poisson_trains import draw_trains
from spikeoff.contenders.diehl_cook.network import Constants
from spikeoff.contenders.diehl_cook.network import Layer as Population
from spikeoff.contenders.diehl_cook.readout import Readout, Vote
from spikeoff.contenders.layer_list import Affine, Competition, DelayedAffine, Layer, floats
from spikeoff.contenders.layer_list import Vote as VoteLayer
from spikeoff.data import Images


def layer_list(
    populations: Sequence[Population],
    constants: Constants,
    response_inhibition: float,
    readout: Readout,
    vote: Vote,
) -> tuple[Layer, ...]:
    """One presentation of an image, from rest and without learning, and the vote on its spikes.

    Args:
        populations: the layers as they stand.
        constants: of the network.
        response_inhibition: strength of inhibition in answers, against that in training.
        readout, vote: what turns spikes into scores.
    """
    found: list[Layer] = []
    for number, one in enumerate(populations):
        weights = np.concatenate([one.weights.T, one.input_to_inhibitory.T.reshape(
            one.weights.shape[1], -1
        )], axis=1)  # fmt: skip
        weight = floats(floats(weights) * np.float32(constants.gains[number]))
        if one.delays.any():
            delays = [one.delays.T, one.input_delays.T.reshape(len(weight), -1)]
            found.append(DelayedAffine(weight, np.concatenate(delays, axis=1)))
        else:
            found.append(Affine(weight))
        base = np.float32(constants.excitatory.v_thresh - constants.threshold.offset)
        found.append(
            Competition(
                replace(constants.excitatory, v_thresh=float(base)), constants.inhibitory,
                constants.dt, floats(one.theta), floats(one.to_inhibitory),
                floats(floats(one.to_excitatory) * np.float32(response_inhibition)),
                fed_inhibition=one.input_to_inhibitory.size > 0,
            )
        )  # fmt: skip
    if vote != "learned":
        return (*found, VoteLayer(readout.shares(vote)))
    assert readout.coefficients is not None and readout.intercepts is not None
    return (*found, VoteLayer(readout.coefficients.T, readout.intercepts, of_root=True))


def presented_spikes(
    images: Images,
    epoch: int,
    n_spikes: NDArray[np.int64],
    constants: Constants,
    intensity: float,
    seed: int,
) -> NDArray[np.float32]:
    """[n, steps, pixels] the input spikes of the presentation by which each image was answered.

    Args:
        images: what was answered.
        epoch: whose input spikes.
        n_spikes: [n] of that presentation. Each one is half as strong again as the one before, or
            nearly, so that the number tells which it was.
        constants: of the network.
        intensity: of a first presentation.
        seed: of the input spikes.
    """
    steps = constants.example_steps
    found = np.zeros((len(images), steps, images.flat.shape[1]), np.float32)
    for spikes, pixels, image, wanted in zip(found, images.flat, images.ids, n_spikes, strict=True):
        for presentation in range(MAX_PRESENTATIONS):
            active, first, times = draw_trains(
                pixels, steps, intensity + presentation, constants.dt, image, epoch, presentation,
                seed,
            )  # fmt: skip
            if len(times) == wanted:
                break
        spikes[times, np.repeat(active, np.diff(first))] = 1
    return found
