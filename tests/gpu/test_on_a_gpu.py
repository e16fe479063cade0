"""What only a GPU can show. Not yet run on one."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest
import torch

from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.contenders.gradient.triton import support
from spikeoff.data import Dataset, Images

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        not torch.cuda.is_available() or support.trouble("cuda") is not None,
        reason="needs a GPU that the kernels support",
    ),
]


@pytest.fixture
def config() -> IzhikevichGradientConfig:
    return IzhikevichGradientConfig(device="cuda", epochs=1)


def test_the_native_engine_is_ours(config: IzhikevichGradientConfig) -> None:
    network = IzhikevichGradient(config)
    assert (network.backend, network.engine) == ("triton", "native")
    assert len(network.notes) == 1


def test_training_does_not_wait_batch_by_batch(
    config: IzhikevichGradientConfig, mnist: Dataset
) -> None:
    """The device is waited for once a look at the loss, however many batches lie between."""
    network = IzhikevichGradient(config)

    def waits(n_batches: int) -> int:
        images = mnist.train.take(slice(0, n_batches * config.batch_size))
        list(network.learn(images, 1))  # compiles; pixels move to the device
        before = torch.cuda.get_sync_debug_mode()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                list(network.learn(images, 1))
            finally:
                torch.cuda.set_sync_debug_mode(before)
        return sum("synchronizing" in str(one.message) for one in told)

    assert 1 <= waits(3) == waits(12)


def test_single_precision_at_full_size_answers_as_autograd_does(
    config: IzhikevichGradientConfig, mnist: Dataset
) -> None:
    images = mnist.train.take(slice(0, 256))
    networks = [IzhikevichGradient(config), IzhikevichGradient(replace(config, engine="torch"))]
    networks[1].restore(networks[0].state())
    ours, theirs = (network.respond(images) for network in networks)
    assert networks[1].account(images).activity.hidden_per_example > 0
    assert (ours.scores == theirs.scores).mean() > 0.99


def test_the_same_bits_every_time(config: IzhikevichGradientConfig, few: Images) -> None:
    found = []
    for _ in range(2):
        network = IzhikevichGradient(config)
        list(network.learn(few, 1))
        found.append(network.state())
    for name, value in found[0].items():
        assert (value == found[1][name]).all()
