"""Each layer of a list (``contenders.layer_list``) in operators of ONNX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatchmethod

import numpy as np

from spikeoff.contenders import layer_list as layers
from spikeoff.contenders.layer_list import Layer
from spikeoff.experiments.exports.onnx_competition import competition, delayed_affine, vote
from spikeoff.experiments.exports.onnx_graph import Graph, Value
from spikeoff.neurons.models import model_of
from spikeoff.neurons.synapse import accumulate


class OnnxWriter:
    """Writes a list of layers into a graph."""

    def __init__(self, graph: Graph, inputs: Value) -> None:
        self.graph, self._sent = graph, inputs
        self._arrived = inputs
        self._potential: Callable[[], Value] | None = None
        self._counts: list[Value] = []

    def write(self, network: Sequence[Layer]) -> Value:
        """Write all layers; the scores [n, classes]."""
        for layer in network:
            self._sent = self._add(layer, self._sent)
        return self._sent

    def spike_counts(self) -> Value | None:
        """[n, neurons] spikes over all steps of neurons that compete; None without such."""
        if not self._counts:
            return None
        return self.graph.add("Concat", *self._counts, axis=1)

    @singledispatchmethod
    def _add(self, layer: Layer, sent: Value) -> Value:
        raise NotImplementedError(type(layer).__name__)

    @_add.register
    def _(self, layer: layers.PictureToRow, sent: Value) -> Value:
        del layer
        last = self.graph.add("Transpose", sent, perm=[0, 2, 3, 1])
        return self.graph.add("Flatten", last, axis=1)

    @_add.register
    def _(self, layer: layers.Flatten, sent: Value) -> Value:
        del layer
        return self.graph.add("Flatten", sent, axis=1)

    @_add.register
    def _(self, layer: layers.ConstantInput, sent: Value) -> Value:
        step = self.graph.add("Unsqueeze", sent, self.graph.integers(1))
        return self.graph.add("Tile", step, self.graph.integers(1, layer.n_steps, 1))

    @_add.register
    def _(self, layer: layers.Scale, sent: Value) -> Value:
        return sent * layer.factor

    @_add.register
    def _(self, layer: layers.Affine, sent: Value) -> Value:
        arrived = self.graph.add("MatMul", sent, self.graph.constant(layer.weight, "weight"))
        self._arrived = arrived
        return arrived if layer.bias is None else arrived + self.graph.constant(layer.bias, "bias")

    @_add.register
    def _(self, layer: layers.ByOrdinal, sent: Value) -> Value:
        graph = self.graph
        earlier = graph.add("CumSum", sent, graph.constant(np.array(1)), exclusive=1)
        place = graph.add("Min", earlier, graph.number(float(layer.size - 1)))
        last = graph.integers(-1)
        places = graph.constant(np.arange(layer.size, dtype=np.float32), "places")
        at = graph.add("Equal", graph.add("Unsqueeze", place, last), places)
        sorted_ = graph.add("Unsqueeze", sent, last) * graph.add("Cast", at, to=1)
        return graph.add("Reshape", sorted_, graph.integers(0, 0, -1))

    @_add.register
    def _(self, layer: layers.DelayedAffine, sent: Value) -> Value:
        return delayed_affine(self.graph, layer, sent)

    @_add.register
    def _(self, layer: layers.Competition, sent: Value) -> Value:
        spikes = competition(self.graph, layer, sent)
        self._counts.append(self._sum(spikes))
        return spikes

    @_add.register
    def _(self, layer: layers.Vote, sent: Value) -> Value:
        del sent
        counts = self.spike_counts()
        assert counts is not None
        return vote(self.graph, layer, counts)

    @_add.register
    def _(self, layer: layers.Convolution, sent: Value) -> Value:
        weight, pads = self.graph.constant(layer.weight, "weight"), [layer.padding] * 4
        return self.graph.add("Conv", sent, weight, pads=pads)

    @_add.register
    def _(self, layer: layers.Normalisation, sent: Value) -> Value:
        held = (layer.gain, layer.bias, layer.mean, layer.variance)
        constants = [self.graph.constant(one, "norm") for one in held]
        return self.graph.add("BatchNormalization", sent, *constants, epsilon=layer.epsilon)

    @_add.register
    def _(self, layer: layers.MaxPool, sent: Value) -> Value:
        size = [layer.size] * 2
        return self.graph.add("MaxPool", sent, kernel_shape=size, strides=size)

    @_add.register
    def _(self, layer: layers.ReLU, sent: Value) -> Value:
        del layer
        return self.graph.add("Relu", sent)

    @_add.register
    def _(self, layer: layers.Rounding, sent: Value) -> Value:
        codes = self.graph.add("Round", sent / layer.step)
        bounds = self.graph.number(0.0), self.graph.number(float(layer.highest))
        return self.graph.add("Clip", codes, *bounds) * layer.step

    @_add.register
    def _(self, layer: layers.Pool, sent: Value) -> Value:
        graph = self.graph
        groups = graph.add("Reshape", sent, graph.integers(0, 0, -1, layer.size))
        centred = groups - graph.add("ReduceMean", groups, axes=[3], keepdims=1)
        return graph.add("Reshape", centred, graph.integers(0, 0, -1))

    @_add.register
    def _(self, layer: layers.Neurons, sent: Value) -> Value:
        p = layer.params.constants(layer.dt)
        model, rest = model_of(type(p)), layer.params.rest()
        first = self.graph.add("Gather", sent, self.graph.constant(np.array(0)), axis=1)
        silent = first * 0.0
        start = [silent + value for value in rest]
        if layer.decay:
            start.append(silent)

        def step(
            graph: Graph, before: list[Value], arriving: Value
        ) -> tuple[Sequence[Value], Sequence[Value]]:
            current = arriving
            if layer.decay:
                current = accumulate(before[-1], arriving, layer.decay)
            bias = layer.bias
            driven = current + (graph.constant(bias) if isinstance(bias, np.ndarray) else bias)
            state, fired = model.step(model.State(*before[: len(rest)]), driven, p)
            return [*state, *([current] if layer.decay else [])], [fired.float()]

        after, (spikes,) = self.graph.scan(start, sent, step)
        v_rest = rest[0]
        self._potential = lambda: (after[0] - v_rest) * (1 / (p.v_peak - v_rest))
        return spikes

    @_add.register
    def _(self, layer: layers.SpikeCount, sent: Value) -> Value:
        counts = self._sum(sent)
        if layer.potential:
            assert self._potential is not None
            counts = counts + self._potential()
        if layer.share_slope is not None:
            slopes = self._sum(self._arrived) * layer.share_slope
            counts = counts + self.graph.add("Softmax", slopes, axis=1) * 0.5
        return counts * layer.scale

    @_add.register
    def _(self, layer: layers.StepSum, sent: Value) -> Value:
        return self._sum(sent * self.graph.constant(layer.weights[:, None], "weight")) * layer.scale

    def _sum(self, by_step: Value) -> Value:
        """Over all steps."""
        return self.graph.add("ReduceSum", by_step, self.graph.integers(1), keepdims=0)
