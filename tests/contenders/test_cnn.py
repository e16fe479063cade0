"""The convolutional network's counts, against counting one by one."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from spikeoff.contenders.cnn import CNN, CNNConfig, Convolutional, as_pictures, met_weights
from spikeoff.data import Images


def test_dense_macs_are_outputs_times_weights_a_window(few: Images) -> None:
    contender = CNN(CNNConfig())
    counted = []

    def count(layer: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        del inputs
        weights = layer.weight
        assert isinstance(weights, torch.Tensor)
        counted.append(output[0].numel() * weights[0].numel())

    for layer in contender.module.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(count)
    activity = contender.respond(few.take(slice(0, 1))).activity
    assert contender.operations(activity, few.take(slice(0, 0))).dense_macs == sum(counted[:4])


def test_met_weights_one_by_one(few: Images) -> None:
    pictures = as_pictures(torch.from_numpy(few.pixels[:2]))
    by_hand = 0
    for image in few.pixels[:2].reshape(-1, 28, 28):
        for row in range(26):
            for column in range(26):
                window = image[row : row + 3, column : column + 3]
                by_hand += 32 * int(np.count_nonzero(window))
    assert met_weights(pictures, 32) == by_hand


def test_relu_behind_pooling_is_relu_before_it(few: Images) -> None:
    network = CNN(CNNConfig()).module
    assert isinstance(network, Convolutional)
    network.eval()
    pictures = as_pictures(torch.from_numpy(few.pixels))
    first = nn.functional.max_pool2d(torch.relu(network.norm1(network.conv1(pictures))), 2)
    second = nn.functional.max_pool2d(torch.relu(network.norm2(network.conv2(first))), 2)
    hidden = torch.relu(network.hidden(second.flatten(1)))
    torch.testing.assert_close(network(pictures)[0], network.output(hidden))
