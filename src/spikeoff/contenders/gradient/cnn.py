"""``cnn``: conv 32 - norm - pool - conv 64 - norm - pool - dense 512 - dropout - 10 softmax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from spikeoff.contenders.base import Outputs, require
from spikeoff.contenders.gradient.conventional import Conventional, ConventionalConfig
from spikeoff.contenders.gradient.keras import networks
from spikeoff.contenders.gradient.numba.norm_pool import norm_pool
from spikeoff.data import N_CLASSES, SIDE

KERNEL = 3
POOLED_1 = (SIDE - KERNEL + 1) // 2
POOLED_2 = (POOLED_1 - KERNEL + 1) // 2
"""Sides of the pooled feature maps: 13, 5."""


@dataclass(frozen=True, kw_only=True)
class CNNConfig(ConventionalConfig):
    """The convolutional network, trained by Adam with early stopping."""

    learning_rate: float = 0.001
    """Adam's peak step size; it warms up, then falls to zero along a cosine."""
    patience: int | None = 5
    """Epochs without a lower validation loss before training stops; None for never."""
    label_smoothing: float = 0.1
    """Share of the target spread over all ten digits."""
    n_hidden: int = 512
    """Neurons of the dense layer."""
    dropout: float = 0.3
    """Share of dense neurons silenced at a training step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("n_hidden", self.n_hidden, self.n_hidden >= 1, "at least 1")
        require("dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")


class Convolutional(nn.Module):
    """Two convolutions, each with batch normalisation, 2 x 2 pooling and ReLU, then two dense.

    ReLU stands behind the pooling: the maximum of ReLUs is the ReLU of the maximum, at a quarter
    of the work.
    """

    def __init__(self, n_hidden: int, dropout: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, KERNEL, bias=False)
        self.norm1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 64, KERNEL, bias=False)
        self.norm2 = nn.BatchNorm2d(64)
        self.hidden = nn.Linear(64 * POOLED_2**2, n_hidden)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(n_hidden, N_CLASSES)

    def forward(
        self, images: torch.Tensor, heard: torch.Tensor | None = None, *, fused: bool = False
    ) -> torch.Tensor:
        """[n, 1, 28, 28] in [0, 1] -> logits [n, 10].

        Args:
            images: channels last in memory.
            heard: [n, n_hidden], 0 for dense neurons to silence; without it, dropout is PyTorch's.
            fused: normalise and pool by one kernel: a step of training on the CPU.
        """
        behind = norm_pool if fused else self._norm_pool
        first = behind(self.conv1(images), self.norm1)
        second = behind(self.conv2(first), self.norm2)
        hidden = self.relu(self.hidden(second.flatten(1)))
        sent = self.dropout(hidden) if heard is None else hidden * heard / (1 - self.dropout.p)
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
    search_space: ClassVar[dict[str, str]] = {
        "learning_rate": "log:0.0001..0.02",
        "dropout": "0..0.6",
        "label_smoothing": "0..0.2",
        "batch_size": "32,64,128,256",
    }
    outputs = Outputs(
        metrics="cnn_metrics_fixed.csv",
        confusion="confusion_matrix_fixed.png",
        analysis="cnn_training_analysis_fixed.png",
        log="cnn_log_fixed.log",
    )

    def build(self) -> nn.Module:
        """The network with PyTorch's initial weights, laid out channels last."""
        network = Convolutional(self.config.n_hidden, self.config.dropout)
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def keras_network(self) -> Any:
        """The same in Keras."""
        return networks.convolutional(self.config.n_hidden, self.config.dropout)

    def present(self, pixels: torch.Tensor, ids: NDArray[np.int64], epoch: int) -> torch.Tensor:
        """Pixels scaled to [0, 1] through the network."""
        heard = self.heard(ids, epoch, self.config.n_hidden, self.config.dropout)
        fused = self.module.training and self.device == "cpu"
        logits: torch.Tensor = self.module(as_pictures(pixels), heard, fused=fused)
        return logits

    @classmethod
    def sizes(cls, config: CNNConfig) -> tuple[int, int]:
        """Feature maps in single precision, forward and back, before and behind the pooling."""
        n = config.n_hidden
        maps = 4 * 26**2 * 32 + 4 * 11**2 * 64 + 6 * POOLED_1**2 * 32  # sides 26, 13, 11
        return n * (POOLED_2**2 * 64 + 1 + N_CLASSES) + 19_000, 4 * (maps + 4 * n)


def as_pictures(pixels: torch.Tensor) -> torch.Tensor:
    """[n, 784] uint8 -> [n, 1, 28, 28] float in [0, 1]."""
    return (pixels.float() / 255).view(-1, 1, SIDE, SIDE)
