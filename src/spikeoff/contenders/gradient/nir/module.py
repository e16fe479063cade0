"""A NIR graph as a module of PyTorch: from input spikes to scores, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from spikeoff.contenders.gradient.nir.neurons import Integration, IzhikevichNeurons
from spikeoff.contenders.gradient.nir.nodes import KNOWN, module_of
from spikeoff.contenders.nir_file import NIRFile, Node
from spikeoff.data.spec import MNIST, ImageSpec, numbered
from spikeoff.errors import UserError, one_line
from spikeoff.neurons.izhikevich import V_PEAK


@dataclass(frozen=True)
class Readout:
    """What makes scores of what the last node sends; a graph without metadata sums it over steps.

    scale: a factor.
    step_weights: [steps], what each step counts.
    potential: the neurons' v counts in the end: 0 at rest, 1 at the peak of 30 mV.
    share_slope: half the softmax of share_slope times the summed input of the last neurons counts.
    """

    scale: float = 1.0
    step_weights: torch.Tensor | None = None
    potential: bool = False
    share_slope: float | None = None

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Readout:
        """As the metadata of a graph that spikeoff wrote say."""
        weights, slope = metadata.get("step_weights"), metadata.get("share_slope")
        return cls(
            float(metadata.get("score_scale", 1.0)),
            None if weights is None else torch.from_numpy(np.array(weights, np.float32)),
            bool(metadata.get("potential", False)),
            None if slope is None else float(slope),
        )


class NIRNetwork(nn.Module):
    """A feed-forward graph, from spikes [n, steps, pixels] to scores [n, steps, classes].

    The sum over the steps is the score. The weights are those of the file: ``fit`` trains nothing.
    """

    def __init__(self, file: NIRFile, path: Path, dt: float, integration: Integration) -> None:
        """Build every node's module, and try them on a blank image.

        Args:
            file: the graph.
            path: of it, for messages.
            dt: time step (ms) of nodes whose metadata name none.
            integration: of LI, LIF, I and IF nodes.

        Raises:
            UserError: the graph has a cycle or a node that is not known, or its shapes do not fit.
        """
        super().__init__()
        self._path = path
        (first, shape), (self._last, _) = _only(file, path, "Input"), _only(file, path, "Output")
        self.input_shape = shape
        self._order, self._sources = _sorted(file, path, first)
        self._first, self.nodes = first, nn.Module()
        self._keys: dict[str, str] = {}
        for name in self._order:
            if name not in (first, self._last):
                self._add(name, file.nodes[name], dt, integration)
        self._readout = Readout.of(file.metadata)
        with torch.no_grad():
            n_out = self(torch.zeros(1, 1, int(np.prod(shape)))).shape[-1]
        self.n_outputs = int(n_out)

    def forward(self, spikes: torch.Tensor) -> torch.Tensor:
        """Scores by step [n, steps, outputs] of spikes [n, steps, pixels]."""
        sent = {self._first: self._shaped(spikes.transpose(0, 1))}
        arrived: dict[str, torch.Tensor] = {}
        for name in self._order:
            if name == self._first:
                continue
            try:
                arrived[name] = sum(sent[one] for one in self._sources[name])  # type: ignore[assignment]
                sent[name] = (
                    arrived[name] if name == self._last else self._module(name)(arrived[name])
                )
            except RuntimeError as error:
                raise UserError(
                    f"{self._path}: node {name!r} does not take what reaches it: {one_line(error)}"
                ) from error
        scores = self._by_step(sent, arrived)
        return scores.flatten(2).transpose(0, 1) * self._readout.scale

    def fit(self, batches: Any, epoch: int) -> None:
        """Keep the weights of the file."""

    def _shaped(self, spikes: torch.Tensor) -> torch.Tensor:
        """[steps, n, *input_shape] of spikes whose channels, where there are several, come last."""
        shape = self.input_shape
        if len(shape) < 3 or shape[0] == 1:
            return spikes.reshape(*spikes.shape[:2], *shape)
        return spikes.reshape(*spikes.shape[:2], *shape[1:], shape[0]).movedim(-1, 2)

    def _by_step(
        self, sent: Mapping[str, torch.Tensor], arrived: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """[steps, n, ...] what each step adds to the score."""
        scores, readout = arrived[self._last], self._readout
        if readout.step_weights is not None:
            if len(readout.step_weights) < len(scores):
                raise UserError(
                    f"{self._path}: has weights for {len(readout.step_weights)} steps, not for "
                    f"{len(scores)}; lower --n_steps"
                )
            weights = readout.step_weights[: len(scores)].to(scores.device)
            return scores * weights.reshape(-1, *[1] * (scores.ndim - 1))
        end = torch.zeros_like(scores[0])
        neurons = self._keys.get(next(iter(self._sources[self._last])), "")
        layer = getattr(self.nodes, neurons, None)
        if readout.potential and isinstance(layer, IzhikevichNeurons):
            end = end + (layer.final - layer.c) / (V_PEAK - layer.c)
        if readout.share_slope is not None:
            weighed = [name for name in self._order if self._weighs(name)]
            end = end + 0.5 * (readout.share_slope * sent[weighed[-1]].sum(0)).softmax(-1)
        return torch.cat([scores[:-1], scores[-1:] + end])

    def _weighs(self, name: str) -> bool:
        return name in self._keys and isinstance(self._module(name), nn.Linear)

    def _module(self, name: str) -> nn.Module:
        found: nn.Module = getattr(self.nodes, self._keys[name])
        return found

    def _add(self, name: str, node: Node, dt: float, integration: Integration) -> None:
        kind = str(node.get("type"))
        if kind not in KNOWN:
            raise UserError(
                f"{self._path}: node {name!r} of type {kind!r} is not known here; known: "
                f"{', '.join(KNOWN)}"
            )
        try:
            module = module_of(node, dt, integration)
        except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise UserError(
                f"{self._path}: node {name!r} ({kind}) cannot be used: {one_line(error)}"
            ) from error
        key = name.replace(".", "_") or "_"
        while hasattr(self.nodes, key):
            key += "_"
        self.nodes.add_module(key, module)
        self._keys[name] = key


def spec_of(network: NIRNetwork) -> ImageSpec:
    """The images that a graph takes: square grey ones where its input is a row."""
    shape = network.input_shape
    if len(shape) == 1:
        side = round(shape[0] ** 0.5)
        shape = (side, side) if side * side == shape[0] else (1, shape[0])
    if len(shape) == 3:
        channels, height, width = shape
        shape = (height, width) if channels == 1 else (height, width, channels)
    classes = numbered(network.n_outputs)
    return MNIST if (shape, classes) == (MNIST.shape, MNIST.classes) else ImageSpec(shape, classes)


def _only(file: NIRFile, path: Path, kind: str) -> tuple[str, tuple[int, ...]]:
    """The one node of this type, and its shape."""
    found = [name for name, node in file.nodes.items() if node.get("type") == kind]
    if len(found) != 1:
        raise UserError(f"{path}: has {len(found)} nodes of type {kind}; 1 is needed")
    shape = tuple(int(one) for one in np.ravel(file.nodes[found[0]].get("shape", ())))
    if kind == "Input" and not shape:
        raise UserError(f"{path}: node {found[0]!r} has no shape")
    return found[0], shape


def _sorted(file: NIRFile, path: Path, first: str) -> tuple[list[str], dict[str, list[str]]]:
    """The nodes in an order in which each follows its sources, and the sources of each."""
    sources: dict[str, list[str]] = {name: [] for name in file.nodes}
    for source, target in file.edges:
        for name in (source, target):
            if name not in sources:
                raise UserError(f"{path}: an edge names {name!r}, which is no node")
        sources[target].append(source)
    for name, found in sources.items():
        if not found and name != first:
            raise UserError(f"{path}: nothing reaches node {name!r}")
    try:
        return list(TopologicalSorter(sources).static_order()), sources
    except CycleError as error:
        cycle = " -> ".join(map(str, reversed(error.args[1])))
        raise UserError(
            f"{path}: {cycle} is a cycle; only feed-forward graphs can run here"
        ) from error
