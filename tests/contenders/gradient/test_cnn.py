"""The convolutional network's layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from spikeoff.contenders.gradient.cnn import CNN, CNNConfig, Convolutional, as_pictures, maps_of
from spikeoff.data import MNIST, Images, ImageSpec
from spikeoff.errors import UserError


def made(**settings: Any) -> tuple[CNN, Convolutional]:
    network = CNN(CNNConfig(num_threads=1, device="cpu", n_hidden=20, **settings))
    assert isinstance(network.module, Convolutional)
    return network, network.module


@pytest.mark.parametrize("settings", [{}, {"channels": (6, 10, 4), "convolutions": 2}])
def test_relu_behind_pooling_is_relu_before_it(few: Images, settings: dict[str, Any]) -> None:
    module = made(**settings)[1]
    module.eval()
    maps = pictures = as_pictures(torch.from_numpy(few.flat))
    for convolution, norm, pooled in module.blocks():
        maps = torch.relu(norm(convolution(maps)))
        maps = functional.max_pool2d(maps, 2) if pooled else maps
    hidden = torch.relu(module.hidden(maps.flatten(1)))
    torch.testing.assert_close(module(pictures), module.output(hidden))


def test_stages_have_their_convolutions_and_one_pooling() -> None:
    module = made(channels=(6, 10), convolutions=2)[1]
    found = [
        (b.convolution.in_channels, b.convolution.out_channels, b.pooled) for b in module.blocks()
    ]
    assert found == [(1, 6, False), (6, 6, True), (6, 10, False), (10, 10, True)]
    assert module.hidden.in_features == 10 * 4 * 4


@pytest.mark.parametrize("settings", [{}, {"channels": (6, 10), "convolutions": 2}])
def test_memory_is_planned_for_the_weights_that_there_are(settings: dict[str, Any]) -> None:
    network = made(**settings)[0]
    held = {name: array.size for name, array in network.state().items()}
    counted = sum(size for name, size in held.items() if "num_batches" not in name)
    assert CNN.sizes(network.config)[0] == counted - held["output.bias"]


def test_map_dropout_silences_the_stated_share_of_each_stage(few: Images) -> None:
    network, module = made(map_dropout=0.25, channels=(8, 16))
    module.train()
    first, second = network._keep_maps(few.ids, 1)
    assert first.shape == (len(few), 13 * 13 * 8)
    assert second.shape == (len(few), 5 * 5 * 16)
    for mask in (first, second):
        share, error = 1 - mask.float().mean(), (0.25 * 0.75 / mask.numel()) ** 0.5
        assert abs(share - 0.25) < 5 * error
    assert not torch.equal(first[:, : second.shape[1]], second)
    again, other = (network._keep_maps(few.ids, epoch)[0] for epoch in (1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    module.eval()
    assert network._keep_maps(few.ids, 1) == []


def test_a_silent_value_is_that_of_its_place_and_map(few: Images) -> None:
    module = made(map_dropout=0.5, channels=(3, 4))[1]
    module.eval()
    sent: list[torch.Tensor] = []
    module.blocks()[1].convolution.register_forward_pre_hook(lambda _, given: sent.append(given[0]))
    pictures = as_pictures(torch.from_numpy(few.flat[:1]))
    every = [torch.ones(1, 13 * 13 * 3, dtype=torch.uint8), torch.ones(1, 5 * 5 * 4)]
    module(pictures, None, every)
    place, of_map = 13 * 6 + 7, 2
    every[0][0, place * 3 + of_map] = 0
    module(pictures, None, every)
    whole, one_less = (maps[0].detach().numpy() for maps in sent)
    expected = whole.copy()
    expected[of_map, 6, 7] = 0
    np.testing.assert_array_equal(one_less, expected)
    assert whole.max() > 0


def test_images_that_are_too_small_for_the_stages_are_refused() -> None:
    assert maps_of(ImageSpec((4, 4), ("a", "b")), (32, 64), 1).n_features == 64
    with pytest.raises(UserError, match="at least 32 x 32: choose fewer channels"):
        maps_of(MNIST, (8,) * 5, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("channels", ()), ("channels", (8, 0)), ("convolutions", 0), ("map_dropout", 1.0)],
)
def test_settings_without_a_network_are_refused(field: str, value: object) -> None:
    with pytest.raises(UserError, match=field):
        CNNConfig(**{field: value})  # type: ignore[arg-type]


def test_dropout_of_maps_by_pytorch_is_off_while_answering() -> None:
    module = made(map_dropout=0.9)[1]
    assert isinstance(module.map_dropout, nn.Dropout)
    assert module.map_dropout.p == 0.9
    module.eval()
    pictures = torch.rand(2, 1, 28, 28)
    torch.testing.assert_close(module(pictures), module(pictures))
