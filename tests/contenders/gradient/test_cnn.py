"""The convolutional network's layers."""

from __future__ import annotations

import torch
from torch import nn

from spikeoff.contenders.gradient.cnn import CNN, CNNConfig, Convolutional, as_pictures
from spikeoff.data import Images


def test_relu_behind_pooling_is_relu_before_it(few: Images) -> None:
    network = CNN(CNNConfig()).module
    assert isinstance(network, Convolutional)
    network.eval()
    pictures = as_pictures(torch.from_numpy(few.flat))
    first = nn.functional.max_pool2d(torch.relu(network.norm1(network.conv1(pictures))), 2)
    second = nn.functional.max_pool2d(torch.relu(network.norm2(network.conv2(first))), 2)
    hidden = torch.relu(network.hidden(second.flatten(1)))
    torch.testing.assert_close(network(pictures), network.output(hidden))
