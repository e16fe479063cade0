"""Records what a PyTorch module does while it answers, and counts its synapses.

Any module of Linear and Conv2d layers that follow one another will do. The populations are what
enters the layers: the input, then what each layer sends on to the next. A convolution uses each of
its weights at many places; how many it meets at each place of its input is the gradient, by that
input, of its output summed up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from spikeoff.ledger.recording import INPUT, Counts, Recording, Synapses

Layer = nn.Linear | nn.Conv2d


class ModuleRecorder:
    """Counts what enters the layers of a module; a context manager around its answers."""

    def __init__(self, module: nn.Module) -> None:
        named = module.named_modules()
        layers = [(name, one) for name, one in named if isinstance(one, (nn.Linear, nn.Conv2d))]
        sources = [INPUT, *(name for name, _ in layers)]
        self._layers = [
            _Layer(name, source, layer)
            for (name, layer), source in zip(layers, sources, strict=False)
        ]
        self._hooks: list[Any] = []

    def __enter__(self) -> ModuleRecorder:
        self._hooks = [one.layer.register_forward_pre_hook(one.see) for one in self._layers]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def recording(self, scores: NDArray[np.float32]) -> Recording:
        """What was recorded of answers with these scores [n, classes]."""
        sources = [one.source for one in self._layers]
        one_step = np.ones(1, np.int64)
        return Recording(
            {one.source: one.events() for one in self._layers},
            scores[:, None], one_step, len(scores) * one_step, tuple(sources[1:]),
            graded=frozenset(one.source for one in self._layers if one.graded),
        )  # fmt: skip

    def synapses(self) -> tuple[Synapses, ...]:
        """Those of the layers, for inputs of the size that was recorded."""
        return tuple(one.synapses() for one in self._layers)


class _Layer:
    """A layer, and what has entered it.

    graded: whether an input was other than -1, 0 and 1.
    """

    def __init__(self, name: str, source: str, layer: Layer) -> None:
        self.name, self.source, self.layer = name, source, layer
        self.graded = False
        self._sent: torch.Tensor | None = None

    def see(self, module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
        """Count the inputs that are not 0."""
        del module
        (x,) = inputs
        active = x != 0
        if not self.graded:
            self.graded = bool((active != (x.abs() == 1)).any())
        sent = active.sum(0)
        self._sent = sent if self._sent is None else self._sent + sent

    def events(self) -> Counts:
        """[1, inputs] how often each was not 0."""
        assert self._sent is not None
        counts: Counts = self._sent.flatten().cpu().numpy().astype(np.int64)[None]
        return counts

    def synapses(self) -> Synapses:
        assert self._sent is not None
        weight = self.layer.weight.detach()
        met, everywhere = (
            fan_out(mask, self.layer, self._sent.shape)
            for mask in (weight != 0, torch.ones_like(weight, dtype=torch.bool))
        )
        targets = outputs(self.layer, self._sent.shape)
        bias = self.layer.bias
        return Synapses(
            self.name, self.source, met, int(everywhere.sum()), weight.numel(),
            int(weight.count_nonzero()), targets, self.name,
            biases=0 if bias is None else bias.numel(), biased=0 if bias is None else targets,
            **convolution_sizes(self.layer),
        )  # fmt: skip


def convolution_sizes(layer: Layer) -> dict[str, Any]:
    """The fields of ``Synapses`` that only a convolution has."""
    if isinstance(layer, nn.Linear):
        return {}
    fan_in = layer.weight[0].numel()
    return {"convolution": True, "fan_in": fan_in, "kernel": layer.weight[0, 0].numel()}


def outputs(layer: Layer, shape: torch.Size) -> int:
    """Neurons of a layer whose input has this shape."""
    if isinstance(layer, nn.Linear):
        return layer.out_features
    x, weight = (torch.empty(size, device="meta") for size in ((1, *shape), layer.weight.shape))
    return functional.conv2d(
        x, weight, None, layer.stride, layer.padding, layer.dilation, layer.groups
    ).numel()


def fan_out(mask: torch.Tensor, layer: Layer, shape: torch.Size) -> Counts:
    """[inputs] how many weights of ``mask`` each input of a layer meets."""
    if isinstance(layer, nn.Linear):
        met = mask.sum(0)
    else:
        with torch.enable_grad():
            x = torch.zeros((1, *shape), dtype=torch.float64, requires_grad=True)
            out = functional.conv2d(
                x, mask.cpu().double(), None, layer.stride, layer.padding, layer.dilation,
                layer.groups,
            )  # fmt: skip
            (met,) = torch.autograd.grad(out.sum(), x)
    counts: Counts = met.round().flatten().cpu().numpy().astype(np.int64)
    return counts
