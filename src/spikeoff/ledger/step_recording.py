"""Records what a spiking PyTorch module does, by hooks on the layers of the libraries below.

Connections are Linear and Conv2d layers; neurons are told by their class. A layer that is called
once per time step has a step per call; a layer that receives all steps at once has the steps in one
of its axes. What enters each connection is a population of its own, since pooling may stand between
neurons and the next connection; neurons are further populations, which count as updated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.ledger.module_recording import Layer, convolution_sizes, fan_out, outputs
from spikeoff.ledger.recording import INPUT, Counts, Recording, Synapses

STEPPED = {("snntorch", "SpikingNeuron"), ("spikingjelly", "BaseNode"), ("norse", "SNNCell"),
           ("norse", "SNNRecurrentCell")}  # fmt: skip
"""Top-level package and name of the classes that all neurons of a library descend from."""

OVER_TIME = {("norse", "SNN"), ("norse", "SNNRecurrent")}
"""Likewise, of neurons that receive all steps at once, [steps, n, ...]."""

SILENT = {("norse", "LICell"), ("norse", "LIBoxCell"), ("norse", "LI")}
"""Likewise, of leaky integrators: they send potentials, never a spike."""

MARK = "spiking_neuron"
"""Attribute by which a class of other neurons says that it is one."""


def is_neuron(module: nn.Module) -> bool:
    """Whether a module is a layer of spiking neurons."""
    return _descends(module, STEPPED | OVER_TIME) or bool(getattr(module, MARK, False))


def _takes_all_steps(module: nn.Module) -> bool:
    """Whether a module receives all steps at once, [steps, n, ...]."""
    return getattr(module, "step_mode", "s") == "m" or _descends(module, OVER_TIME)


def _descends(module: nn.Module, classes: set[tuple[str, str]]) -> bool:
    known = {(one.__module__.partition(".")[0], one.__name__) for one in type(module).__mro__}
    return bool(known & classes)


class StepRecorder:
    """Counts what enters the connections, and what neurons send; a context manager."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._layers: list[_Population] = []
        for name, one in module.named_modules():
            if isinstance(one, (nn.Linear, nn.Conv2d)) or is_neuron(one):
                self._layers.append(_Population(name, one))
        self._time_first = any(_takes_all_steps(one.layer) for one in self._layers)
        self._called: list[_Population] = []
        self._n, self._images = 1, 0
        self._hooks: list[Any] = []

    def __enter__(self) -> StepRecorder:
        self._hooks = [self._module.register_forward_pre_hook(self._begin)]
        for one in self._layers:
            add = (
                one.layer.register_forward_hook
                if one.neurons
                else one.layer.register_forward_pre_hook
            )
            self._hooks.append(add(self._see(one)))
        self._hooks.append(self._module.register_forward_hook(self._end))
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def recording(self, scores: NDArray[np.float32]) -> Recording:
        """What was recorded of answers.

        Args:
            scores: [n, steps, classes] by each step; or the last alone, [n, 1, classes], which
                makes one reading of all steps.
        """
        n_steps = max(len(one.total) for one in self._called)
        by_step = scores.shape[1] == n_steps
        scores = scores if by_step else scores[:, -1:]
        events, graded = {}, set()
        for one in self._called:
            counts = np.zeros((n_steps, one.total.shape[1]), np.int64)
            counts[: len(one.total)] = one.total  # input that came once came at the first step
            events[self._name(one)] = counts if by_step else counts.sum(axis=0, keepdims=True)
            if one.graded:
                graded.add(self._name(one))
        steps = np.arange(1, n_steps + 1) if by_step else np.array([n_steps])
        neurons = tuple(one.name for one in self._called if one.neurons)
        return Recording(
            events, scores, steps, len(scores) * steps, neurons[:-1] or neurons, neurons,
            frozenset(graded),
        )  # fmt: skip

    def synapses(self) -> tuple[Synapses, ...]:
        """Those of the connections, in the order of their first use."""
        found = []
        for number, one in enumerate(self._called):
            if not one.neurons:
                following = self._called[number + 1 : number + 2]
                target = following[0].name if following and following[0].neurons else None
                found.append(one.synapses(self._name(one), target))
        return tuple(found)

    def _name(self, one: _Population) -> str:
        """Of a population: the neurons', or of what enters a connection."""
        if one.neurons:
            return one.name
        first = next(other for other in self._called if not other.neurons)
        return INPUT if one is first else f"into {one.name}"

    def _begin(self, module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        del module
        self._n = len(inputs[0])

    def _see(self, one: _Population) -> Any:
        def hook(module: nn.Module, inputs: Any, found: Any = None) -> None:
            if one not in self._called:
                self._called.append(one)
            seen = found if one.neurons else inputs
            first = seen[0] if isinstance(seen, (tuple, list)) else seen
            sent = torch.zeros_like(first) if one.silent else first.detach()
            one.add(steps_first(sent, self._n, module, self._time_first))

        return hook

    def _end(self, module: nn.Module, inputs: Any, found: Any) -> None:
        del module, inputs, found
        for one in self._called:
            one.close()


def steps_first(x: torch.Tensor, n: int, module: nn.Module, time_first: bool) -> torch.Tensor:
    """What a layer received, or sent, in one call for ``n`` images, as [steps, n, ...].

    time_first: how to take rows of spikes for as many steps as there are images.
    """
    if _takes_all_steps(module):
        return x
    in_rows = isinstance(module, nn.Linear) and x.ndim == 3
    if in_rows and time_first and x.shape[1] == n:
        return x
    if len(x) == n:
        return x.transpose(0, 1) if in_rows else x[None]
    over_time = x.ndim > 2 and x.shape[1] == n and not isinstance(module, nn.Conv2d)
    return x if over_time else x.view(-1, n, *x.shape[1:])


class _Population:
    """A layer, and its events so far. total: [steps, neurons], all images summed up."""

    def __init__(self, name: str, layer: nn.Module) -> None:
        self.name, self.layer, self.neurons = name, layer, is_neuron(layer)
        self.silent = _descends(layer, SILENT)
        self.graded = False
        self.total: Counts = np.zeros((0, 0), np.int64)
        self._shape: torch.Size = torch.Size()
        self._steps: list[torch.Tensor] = []

    def add(self, x: torch.Tensor) -> None:
        """Count events of one call, [steps, n, ...]."""
        active = x != 0
        if not self.graded:
            self.graded = bool((active != (x.abs() == 1)).any())
        self._shape = x.shape[2:]
        self._steps.extend(active.sum(1).flatten(1))

    def close(self) -> None:
        """Add what the calls for one batch counted."""
        if not self._steps:
            return
        counts = torch.stack(self._steps).cpu().numpy().astype(np.int64)
        self._steps = []
        longer = max(len(counts), len(self.total))
        total = np.zeros((longer, counts.shape[1]), np.int64)
        total[: len(self.total)] = self.total if len(self.total) else 0
        total[: len(counts)] += counts
        self.total = total

    def synapses(self, source: str, target: str | None) -> Synapses:
        layer = self.layer
        assert isinstance(layer, Layer)
        weight = layer.weight.detach()
        met, everywhere = (
            fan_out(mask, layer, self._shape)
            for mask in (weight != 0, torch.ones_like(weight, dtype=torch.bool))
        )
        targets = outputs(layer, self._shape)
        bias = layer.bias
        return Synapses(
            self.name, source, met, int(everywhere.sum()), weight.numel(),
            int(weight.count_nonzero()), targets, target,
            biases=0 if bias is None else bias.numel(), biased=0 if bias is None else targets,
            **convolution_sizes(layer),
        )  # fmt: skip
