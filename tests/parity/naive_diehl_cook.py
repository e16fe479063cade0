"""The Diehl & Cook network as plainly as it can be written: every synapse, every step, float64."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spikeoff.coding.poisson import Trains
from spikeoff.contenders.diehl_cook.network import Constants, Floats, Layer
from spikeoff.neurons.conductance_lif import LIFParams

LONGEST = 256
"""Steps for which input spikes are remembered: more than any delay, which is uint8."""


class Population:
    """Neurons with conductance synapses."""

    def __init__(self, n: int, params: LIFParams, dt: float) -> None:
        self.params, self.dt = params, dt
        self.v = np.full(n, params.v_rest)
        self.ge, self.gi = np.zeros(n), np.zeros(n)
        self.last = np.full(n, -(10**9))

    def advance(self, now: int, threshold: Floats | float) -> NDArray[np.bool_]:
        """One step; returns who fires. Those are still to be reset."""
        p = self.params
        free = now - self.last >= round(p.refractory / self.dt)
        total = 1 + self.ge + self.gi
        target = (p.v_rest + self.ge * p.e_exc + self.gi * p.e_inh) / total
        moved = target + (self.v - target) * np.exp(-total * self.dt / p.tau_mem)
        self.v = np.where(free, moved, self.v)
        self.ge = self.ge * np.exp(-self.dt / p.tau_ge)
        self.gi = self.gi * np.exp(-self.dt / p.tau_gi)
        fired: NDArray[np.bool_] = free & (self.v > threshold)
        self.last[fired] = now
        return fired


class NaiveLayer:
    """A layer with all its synapses and their traces."""

    def __init__(self, constants: Constants, layer: Layer, number: int) -> None:
        self.constants, self.layer = constants, layer
        self.gain, self.weight_sum = constants.gains[number], constants.weight_sums[number]
        self.weights, self.theta = layer.weights.copy(), layer.theta.copy()
        n_i = layer.to_inhibitory.shape[1]
        self.excitatory = Population(layer.size, constants.excitatory, constants.dt)
        self.inhibitory = Population(n_i, constants.inhibitory, constants.dt)
        self.pre = np.zeros_like(self.weights)
        self.post1, self.post2 = np.zeros(layer.size), np.zeros(layer.size)
        self.recent = np.zeros((LONGEST, self.weights.shape[1]), bool)
        self.fired = np.zeros(layer.size, bool)
        self.fired_i = np.zeros(n_i, bool)

    def normalise(self) -> None:
        sums = self.weights.sum(1, keepdims=True)
        self.weights *= np.where(sums > 0, self.weight_sum / np.where(sums > 0, sums, 1), 1)
        np.minimum(self.weights, self.constants.stdp.w_max, out=self.weights)

    def advance(self, now: int, learn: bool) -> None:
        """Neurons and thresholds."""
        dt, threshold, stdp = self.constants.dt, self.constants.threshold, self.constants.stdp
        if learn:
            self.theta *= np.exp(-dt / threshold.tau)
        self.pre *= np.exp(-dt / stdp.tau_pre)
        self.post1 *= np.exp(-dt / stdp.tau_post1)
        self.post2 *= np.exp(-dt / stdp.tau_post2)
        base = self.constants.excitatory.v_thresh - threshold.offset
        self.fired = self.excitatory.advance(now, base + self.theta)
        self.fired_i = self.inhibitory.advance(now, self.constants.inhibitory.v_thresh)

    def deliver(self, inputs: NDArray[np.bool_], now: int, learn: bool) -> None:
        """Synapses: presynaptic effects, then postsynaptic ones; then resets."""
        stdp, w = self.constants.stdp, self.weights
        self.recent[now % LONGEST] = inputs
        columns = np.arange(w.shape[1])
        arrived = self.recent[(now - self.layer.delays.astype(int)) % LONGEST, columns]
        self.excitatory.ge += self.gain * np.where(arrived, w, 0).sum(1)
        feed, delays = self.layer.input_to_inhibitory, self.layer.input_delays.astype(int)
        if feed.size:
            arrived_i = self.recent[(now - delays) % LONGEST, columns]
            self.inhibitory.ge += np.where(arrived_i, feed, 0).sum(1)
        self.excitatory.gi += self.layer.to_excitatory[self.fired_i].sum(0)
        self.inhibitory.ge += self.layer.to_inhibitory[self.fired].sum(0)
        self.pre[arrived] = 1
        if learn:
            depressed = np.clip(w - stdp.nu_pre * self.post1[:, None], 0, stdp.w_max)
            w[arrived] = depressed[arrived]
            grown = w + stdp.nu_post * self.pre * self.post2[:, None]
            w[self.fired] = np.clip(grown, 0, stdp.w_max)[self.fired]
            self.theta[self.fired] += self.constants.threshold.plus
        self.post1[self.fired] = self.post2[self.fired] = 1
        self.excitatory.v[self.fired] = self.constants.excitatory.v_reset
        self.inhibitory.v[self.fired_i] = self.constants.inhibitory.v_reset


class NaiveEngine:
    """The network, with the interface of the other engines."""

    def __init__(self, constants: Constants, layers: Sequence[Layer]) -> None:
        self.constants, self.now = constants, 0
        self.layers = [NaiveLayer(constants, layer, k) for k, layer in enumerate(layers)]

    def present(
        self, trains: Trains, learn: bool = True
    ) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        n_steps = self.constants.example_steps + self.constants.resting_steps
        shown = np.zeros((n_steps, self.layers[0].weights.shape[1]), bool)
        shown[trains.times, np.repeat(trains.pixels, np.diff(trains.first))] = True
        rasters = [np.zeros((n_steps, len(layer.theta)), bool) for layer in self.layers]
        for layer in self.layers:
            layer.normalise()
        for t in range(n_steps):
            for layer in self.layers:
                layer.advance(self.now, learn)
            inputs = shown[t]
            for layer, raster in zip(self.layers, rasters, strict=True):
                layer.deliver(inputs, self.now, learn)
                inputs = raster[t] = layer.fired
            self.now += 1
        return [(steps, neurons) for steps, neurons in map(np.nonzero, rasters)]

    def weights(self, layer: int) -> Floats:
        return self.layers[layer].weights.copy()

    def theta(self, layer: int) -> Floats:
        return self.layers[layer].theta.copy()
