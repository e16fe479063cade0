"""``cnn``: stages of convolutions with norm, each with pooling; then dense - dropout - softmax.

By default conv 32 - norm - pool - conv 64 - norm - pool - dense 512 - dropout - softmax.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from spikeoff.contenders.base import Outputs, require
from spikeoff.contenders.gradient import layer_lists
from spikeoff.contenders.gradient.conventional import Conventional, ConventionalConfig
from spikeoff.contenders.gradient.keras import networks
from spikeoff.contenders.gradient.numba.norm_pool import norm_pool
from spikeoff.contenders.layer_list import Layer
from spikeoff.data import MNIST, ImageSpec
from spikeoff.errors import UserError

KERNEL = 3


class Maps(NamedTuple):
    """Sizes of the feature maps for images of a size.

    padding: places added on every side before each convolution: none, unless nothing would be left.
    convolved: for each stage, (height, width) behind each of its convolutions.
    pooled: (height, width) behind each stage.
    n_features: inputs of the dense layer.
    """

    padding: int
    convolved: tuple[tuple[tuple[int, int], ...], ...]
    pooled: tuple[tuple[int, int], ...]
    n_features: int


def maps_of(spec: ImageSpec, channels: Sequence[int], convolutions: int) -> Maps:
    """The feature maps of such images: 26, 13, 11 and 5 places a side for MNIST by default.

    Raises:
        UserError: the images are too small.
    """
    for padding in (0, KERNEL // 2):
        less = KERNEL - 1 - 2 * padding
        convolved, pooled = [], []
        height, width = spec.height, spec.width
        for _ in channels:
            sizes = [(height - less * k, width - less * k) for k in range(1, convolutions + 1)]
            height, width = (side // 2 for side in sizes[-1])
            convolved.append(tuple(sizes))
            pooled.append((height, width))
        if min(height, width) >= 1:
            n_features = channels[-1] * height * width
            return Maps(padding, tuple(convolved), tuple(pooled), n_features)
    smallest = 2 ** len(channels)
    raise UserError(
        f"images are {spec.height} x {spec.width}; for cnn with {len(channels)} stages they must "
        f"be at least {smallest} x {smallest}: choose fewer channels, mlp, or larger images"
    )


@dataclass(frozen=True, kw_only=True)
class CNNConfig(ConventionalConfig):
    """The convolutional network, trained by Adam with early stopping."""

    learning_rate: float = 0.001
    """Peak learning rate of Adam; it increases during warm-up, then follows the schedule."""
    patience: int | None = 5
    """Epochs without a lower validation loss before training stops; None for never."""
    label_smoothing: float = 0.1
    """Label smoothing: share of the target spread over all classes."""
    channels: tuple[int, ...] = (32, 64)
    """Number of feature maps in each stage; a stage ends with 2 x 2 pooling."""
    convolutions: int = 1
    """Number of convolutions in each stage."""
    n_hidden: int = 512
    """Number of neurons in the dense layer."""
    dropout: float = 0.3
    """Dropout: share of dense neurons that are silent in a training step."""
    map_dropout: float = 0.0
    """Dropout of the feature maps behind each pooling: share of their values that are silent in a
    training step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        stages = bool(self.channels) and min(self.channels) >= 1
        require("channels", " ".join(map(str, self.channels)), stages, "at least 1, one per stage")
        require("convolutions", self.convolutions, self.convolutions >= 1, "at least 1")
        require("n_hidden", self.n_hidden, self.n_hidden >= 1, "at least 1")
        require("dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")
        require("map_dropout", self.map_dropout, 0 <= self.map_dropout < 1, "from 0 to below 1")

    def maps(self, spec: ImageSpec = MNIST) -> Maps:
        """The feature maps of such images."""
        return maps_of(spec, self.channels, self.convolutions)


class Block(NamedTuple):
    """A convolution, its batch normalisation, and whether pooling follows."""

    convolution: nn.Conv2d
    norm: nn.BatchNorm2d
    pooled: bool


class Convolutional(nn.Module):
    """Stages of convolutions with batch normalisation, pooled and cut by ReLUs; then two dense.

    Where there is pooling, ReLU stands behind it: the maximum of ReLUs is the ReLU of the maximum,
    at a quarter of the work. Layers are called conv1, norm1, conv2, norm2, ..., hidden, output.
    """

    def __init__(self, config: CNNConfig, spec: ImageSpec = MNIST) -> None:
        super().__init__()
        maps, before, number = config.maps(spec), spec.channels, 0
        self._pooled: list[bool] = []
        for n in config.channels:
            for k in range(1, config.convolutions + 1):
                number += 1
                convolution = nn.Conv2d(before, n, KERNEL, padding=maps.padding, bias=False)
                self.add_module(f"conv{number}", convolution)
                self.add_module(f"norm{number}", nn.BatchNorm2d(n))
                self._pooled.append(k == config.convolutions)
                before = n
        self.hidden = nn.Linear(maps.n_features, config.n_hidden)
        self.relu = nn.ReLU()
        self.map_dropout = nn.Dropout(config.map_dropout)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.n_hidden, spec.n_classes)

    def blocks(self) -> list[Block]:
        """The convolutions, from the input on."""
        return [
            Block(self.get_submodule(f"conv{k}"), self.get_submodule(f"norm{k}"), pooled)  # type: ignore[arg-type]
            for k, pooled in enumerate(self._pooled, 1)
        ]

    def forward(
        self,
        images: torch.Tensor,
        keep_mask: torch.Tensor | None = None,
        keep_maps: Sequence[torch.Tensor] = (),
        *,
        fused: bool = False,
    ) -> torch.Tensor:
        """[n, channels, height, width] in [0, 1] -> logits [n, n_classes].

        Args:
            images: channels last in memory.
            keep_mask: [n, n_hidden], 0 for dense neurons to silence; without it, dropout is
                PyTorch's.
            keep_maps: of each stage [n, height * width * channels], 0 for values of the pooled
                maps to silence, place by place; without them, dropout is PyTorch's.
            fused: normalise and pool by one kernel: a step of training on the CPU.
        """
        pool = norm_pool if fused else self._norm_pool
        maps, masks = images, iter(keep_maps)
        for convolution, norm, pooled in self.blocks():
            convolved = convolution(maps)
            if not pooled:
                maps = self.relu(norm(convolved))
                continue
            maps = pool(convolved, norm)
            if keep_maps:
                maps = _silenced(maps, next(masks), self.map_dropout.p)
            else:
                maps = self.map_dropout(maps)
        hidden = self.relu(self.hidden(maps.flatten(1)))
        if keep_mask is None:
            sent = self.dropout(hidden)
        else:
            sent = hidden * keep_mask / (1 - self.dropout.p)
        logits: torch.Tensor = self.output(sent)
        return logits

    def _norm_pool(self, maps: torch.Tensor, norm: nn.BatchNorm2d) -> torch.Tensor:
        pooled: torch.Tensor = self.relu(functional.max_pool2d(norm(maps), 2))
        return pooled


def _silenced(maps: torch.Tensor, keep: torch.Tensor, share: float) -> torch.Tensor:
    """Maps [n, channels, height, width] without the values whose mask is 0, the others scaled."""
    n, channels, height, width = maps.shape
    return maps * keep.view(n, height, width, channels).permute(0, 3, 1, 2) / (1 - share)


class CNN(Conventional):
    """The convolutional network."""

    config: CNNConfig
    id = "cnn"
    title = "Convolutional network"
    config_type = CNNConfig
    memory_grows_with = "--channels, --n_hidden or --batch_size"
    search_space: ClassVar[dict[str, str]] = {
        "learning_rate": "log:0.0005..0.01",
        "dropout": "0..0.5",
        "warmup_epochs": "0.25..1.5",
        "batch_size": "64,128",
        "label_smoothing": "0..0.2",
    }
    outputs = Outputs(
        metrics="cnn_metrics_fixed.csv",
        confusion="confusion_matrix_fixed.png",
        analysis="cnn_training_analysis_fixed.png",
        log="cnn_log_fixed.log",
    )

    def build(self) -> nn.Module:
        """The network with PyTorch's initial weights, laid out channels last."""
        network = Convolutional(self.config, self.spec)
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def keras_network(self) -> Any:
        """The same in Keras."""
        config, padding = self.config, self.config.maps(self.spec).padding
        return networks.convolutional(
            self.spec, config.n_hidden, config.dropout, config.channels, config.convolutions,
            config.map_dropout, padding,
        )  # fmt: skip

    def present(self, pixels: torch.Tensor, ids: NDArray[np.int64], epoch: int) -> torch.Tensor:
        """Pixels scaled to [0, 1] through the network."""
        keep_mask = self.keep_mask(ids, epoch, self.config.n_hidden, self.config.dropout)
        fused = self.module.training and self.device == "cpu"
        pictures = as_pictures(pixels, self.spec)
        keep_maps = self._keep_maps(ids, epoch)
        logits: torch.Tensor = self.module(pictures, keep_mask, keep_maps, fused=fused)
        return logits

    def _keep_maps(self, ids: NDArray[np.int64], epoch: int) -> list[torch.Tensor]:
        """Dropout masks of each stage's pooled maps; none where dropout is off."""
        config, pooled = self.config, self.config.maps(self.spec).pooled
        masks = (  # the dense layer is the first of those with dropout
            self.keep_mask(ids, epoch, n * math.prod(size), config.map_dropout, stage + 1)
            for stage, (n, size) in enumerate(zip(config.channels, pooled, strict=True), 1)
        )
        return [mask for mask in masks if mask is not None]

    def layer_list(self) -> tuple[Layer, ...]:
        """Convolutions with normalisation, pooling and ReLUs, then two linear layers."""
        assert isinstance(self.module, Convolutional)
        return layer_lists.convolutional(self.module)

    @classmethod
    def sizes(cls, config: CNNConfig, spec: ImageSpec = MNIST) -> tuple[int, int]:
        """Feature maps in single precision, forward and back, before and behind the pooling."""
        n, maps = config.n_hidden, config.maps(spec)
        places = filters = 0
        before = spec.channels
        stages = zip(config.channels, maps.convolved, maps.pooled, strict=True)
        for channels, convolved, pooled in stages:
            *others, last = (channels * math.prod(size) for size in convolved)
            places += 8 * sum(others) + 4 * last + 6 * channels * math.prod(pooled)
            for _ in convolved:
                filters += KERNEL**2 * before * channels + 4 * channels
                before = channels
        return n * (maps.n_features + 1 + spec.n_classes) + filters, 4 * (places + 4 * n)


def as_pictures(pixels: torch.Tensor, spec: ImageSpec = MNIST) -> torch.Tensor:
    """[n, n_pixels] uint8 -> [n, channels, height, width] float in [0, 1], channels last."""
    pictures = (pixels.float() / 255).view(-1, spec.height, spec.width, spec.channels)
    return pictures.permute(0, 3, 1, 2)
