"""``cnn``: conv 32 - norm - pool - conv 64 - norm - pool - dense 512 - dropout - softmax."""

from __future__ import annotations

import math
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
CHANNELS = (32, 64)
"""Maps of each convolution."""

SMALLEST = 4
"""Side of the smallest images, of which two poolings leave one place."""


class Maps(NamedTuple):
    """Sizes of the feature maps for images of a size.

    padding: places added on every side before each convolution: none, unless nothing would be left.
    convolved, pooled: (height, width) behind each convolution, and behind its pooling.
    """

    padding: int
    convolved: tuple[tuple[int, int], ...]
    pooled: tuple[tuple[int, int], ...]

    @property
    def n_features(self) -> int:
        """Inputs of the dense layer."""
        return CHANNELS[-1] * math.prod(self.pooled[-1])


def maps_of(spec: ImageSpec) -> Maps:
    """The feature maps of such images: 26, 13, 11 and 5 places a side for MNIST.

    Raises:
        UserError: the images are too small.
    """
    for padding in (0, KERNEL // 2):
        convolved, pooled = [], []
        height, width = spec.height, spec.width
        for _ in CHANNELS:
            convolved.append((height + 2 * padding - KERNEL + 1, width + 2 * padding - KERNEL + 1))
            height, width = (side // 2 for side in convolved[-1])
            pooled.append((height, width))
        if min(height, width) >= 1:
            return Maps(padding, tuple(convolved), tuple(pooled))
    raise UserError(
        f"images are {spec.height} x {spec.width}; for cnn they must be at least {SMALLEST} x "
        f"{SMALLEST}: choose mlp, or larger images"
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
    n_hidden: int = 512
    """Number of neurons in the dense layer."""
    dropout: float = 0.3
    """Dropout: share of dense neurons that are silent in a training step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("n_hidden", self.n_hidden, self.n_hidden >= 1, "at least 1")
        require("dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")


class Convolutional(nn.Module):
    """Two convolutions, each with batch normalisation, 2 x 2 pooling and ReLU, then two dense.

    ReLU stands behind the pooling: the maximum of ReLUs is the ReLU of the maximum, at a quarter
    of the work.
    """

    def __init__(self, n_hidden: int, dropout: float, spec: ImageSpec = MNIST) -> None:
        super().__init__()
        maps, (n_1, n_2) = maps_of(spec), CHANNELS
        self.conv1 = nn.Conv2d(spec.channels, n_1, KERNEL, padding=maps.padding, bias=False)
        self.norm1 = nn.BatchNorm2d(n_1)
        self.conv2 = nn.Conv2d(n_1, n_2, KERNEL, padding=maps.padding, bias=False)
        self.norm2 = nn.BatchNorm2d(n_2)
        self.hidden = nn.Linear(maps.n_features, n_hidden)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(n_hidden, spec.n_classes)

    def forward(
        self, images: torch.Tensor, keep_mask: torch.Tensor | None = None, *, fused: bool = False
    ) -> torch.Tensor:
        """[n, channels, height, width] in [0, 1] -> logits [n, n_classes].

        Args:
            images: channels last in memory.
            keep_mask: [n, n_hidden], 0 for dense neurons to silence; without it, dropout is
                PyTorch's.
            fused: normalise and pool by one kernel: a step of training on the CPU.
        """
        behind = norm_pool if fused else self._norm_pool
        first = behind(self.conv1(images), self.norm1)
        second = behind(self.conv2(first), self.norm2)
        hidden = self.relu(self.hidden(second.flatten(1)))
        if keep_mask is None:
            sent = self.dropout(hidden)
        else:
            sent = hidden * keep_mask / (1 - self.dropout.p)
        logits: torch.Tensor = self.output(sent)
        return logits

    def _norm_pool(self, maps: torch.Tensor, norm: nn.BatchNorm2d) -> torch.Tensor:
        pooled: torch.Tensor = self.relu(functional.max_pool2d(norm(maps), 2))
        return pooled


class CNN(Conventional):
    """The convolutional network."""

    config: CNNConfig
    id = "cnn"
    title = "Convolutional network"
    config_type = CNNConfig
    memory_grows_with = "--n_hidden or --batch_size"
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
        network = Convolutional(self.config.n_hidden, self.config.dropout, self.spec)
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def keras_network(self) -> Any:
        """The same in Keras."""
        padding = maps_of(self.spec).padding
        return networks.convolutional(
            self.spec, self.config.n_hidden, self.config.dropout, CHANNELS, padding
        )

    def present(self, pixels: torch.Tensor, ids: NDArray[np.int64], epoch: int) -> torch.Tensor:
        """Pixels scaled to [0, 1] through the network."""
        keep_mask = self.keep_mask(ids, epoch, self.config.n_hidden, self.config.dropout)
        fused = self.module.training and self.device == "cpu"
        pictures = as_pictures(pixels, self.spec)
        logits: torch.Tensor = self.module(pictures, keep_mask, fused=fused)
        return logits

    def layer_list(self) -> tuple[Layer, ...]:
        """Convolutions with normalisation, pooling and ReLUs, then two linear layers."""
        assert isinstance(self.module, Convolutional)
        return layer_lists.convolutional(self.module)

    @classmethod
    def sizes(cls, config: CNNConfig, spec: ImageSpec = MNIST) -> tuple[int, int]:
        """Feature maps in single precision, forward and back, before and behind the pooling."""
        n, maps = config.n_hidden, maps_of(spec)
        convolved, pooled = (
            [channels * math.prod(size) for channels, size in zip(CHANNELS, sizes, strict=True)]
            for sizes in (maps.convolved, maps.pooled)
        )
        places = 4 * sum(convolved) + 6 * pooled[0]
        filters = KERNEL**2 * CHANNELS[0] * (spec.channels + CHANNELS[1]) + 4 * sum(CHANNELS)
        return n * (maps.n_features + 1 + spec.n_classes) + filters, 4 * (places + 4 * n)


def as_pictures(pixels: torch.Tensor, spec: ImageSpec = MNIST) -> torch.Tensor:
    """[n, n_pixels] uint8 -> [n, channels, height, width] float in [0, 1], channels last."""
    pictures = (pixels.float() / 255).view(-1, spec.height, spec.width, spec.channels)
    return pictures.permute(0, 3, 1, 2)
