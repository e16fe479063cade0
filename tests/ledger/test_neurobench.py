"""Our counts against those of the ``neurobench`` package: the same, operation by operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from spikeoff.contenders.diehl_cook.contender import DiehlCook
from spikeoff.contenders.gradient.trainer import GradientContender
from spikeoff.contenders.izhikevich_stdp.contender import IzhikevichSTDP
from spikeoff.data import Images
from spikeoff.ledger.account import Account
from tests.contenders.test_contract import make

pytest.importorskip("neurobench")

from spikeoff.experiments.bench.neurobench import compare, measure

pytestmark = pytest.mark.reference

EXACT = ("MACs", "ACs", "updates", "bytes")


def trained(name: str, images: Images) -> Any:
    contender = make(name, epochs=1)
    list(contender.learn(images, 1))
    return contender


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("name", ["mlp", "cnn", "izhikevich-gradient"])
def test_neurobench_counts_the_same(name: str, sparse: bool, few: Images) -> None:
    contender = trained(name, few)
    assert isinstance(contender, GradientContender)
    if contender.spiking:
        contender.module.double()
    if sparse:
        with torch.no_grad():
            for weights in contender.module.parameters():
                weights.mul_(torch.rand(weights.shape) < 0.7)
    for count in compare(contender, few):
        # Sums over images are whole numbers; sparsity is rounded by NeuroBench to four digits.
        if any(kind in count.quantity for kind in EXACT):
            ours, theirs = count.ours * len(few), count.theirs * len(few)
            assert round(ours) == round(theirs), count
            assert ours == pytest.approx(theirs, rel=1e-12), count
        elif count.quantity == "connection sparsity":
            assert round(count.ours, 4) == count.theirs
            assert (count.ours > 0.2) == sparse
        else:
            assert count.ours == pytest.approx(count.theirs, rel=1e-12), count


class Replay(nn.Module):
    """Layers that each get spikes recorded elsewhere."""

    def __init__(self, weights: Sequence[np.ndarray[Any, Any]]) -> None:
        super().__init__()
        self.sizes = [len(w) for w in weights]
        self.layers = nn.ModuleList(nn.Linear(len(w), w.shape[1], bias=False) for w in weights)
        with torch.no_grad():
            for layer, w in zip(self.layers, weights, strict=True):
                layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(w.T)))  # type: ignore[operator]

    def forward(self, spikes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        for layer, part in zip(self.layers, torch.split(spikes, self.sizes, dim=1), strict=True):
            layer(part)
        return spikes, spikes

    def reset(self) -> None:
        """There is no state."""


def replayed(weights: Sequence[Any], spikes: Sequence[Any], images: Images) -> dict[str, Any]:
    """NeuroBench's counts for [n, steps, sources] spikes into each layer."""
    from neurobench.models import SNNTorchModel

    inputs = torch.from_numpy(np.concatenate(spikes, axis=2)).float()
    return measure(SNNTorchModel(Replay(weights)), inputs, torch.from_numpy(images.labels))


def check(account: Account, theirs: dict[str, Any]) -> None:
    counts = theirs["SynapticOperations"]
    assert account.operations.effective_acs == pytest.approx(counts["Effective_ACs"], rel=1e-12)
    assert account.operations.dense_macs == counts["Dense"]
    assert account.sparsity.connection == pytest.approx(theirs["ConnectionSparsity"], abs=5e-5)


def test_the_stdp_networks_spikes_meet_the_same_weights(few: Images) -> None:
    contender = trained("izhikevich-stdp", few)
    assert isinstance(contender, IzhikevichSTDP)
    watched = [contender._watch(few.take(slice(k, k + 1))) for k in range(len(few))]
    state = contender.state()
    theirs = replayed(
        [state["hidden"], state["output"]],
        [np.stack([w.inputs for w in watched]), np.stack([w.spikes for w in watched])],
        few,
    )
    check(contender.account(few), theirs)


def test_diehl_and_cooks_spikes_meet_the_same_weights(few: Images) -> None:
    contender = trained("diehl-cook", few)
    assert isinstance(contender, DiehlCook)
    layer = contender._layers()[0]
    weights = layer.weights.T * (layer.weights.T > 0.1)
    contender.restore(contender.state() | {"weights_0": weights.T.astype(np.float32)})
    shown = few.take(slice(0, 8))
    rasters: list[list[Any]] = [[], [], []]
    for k in range(len(shown)):
        recording = contender.record(shown.take(slice(k, k + 1)), every=1)
        assert (np.diff(recording.steps) == 1).all()  # it is shown once
        for raster, sent in zip(rasters, recording.events.values(), strict=True):
            raster.append(sent)
    theirs = replayed(
        [weights, layer.to_inhibitory, layer.to_excitatory], [np.stack(r) for r in rasters], shown
    )
    assert max(raster.max() for raster in map(np.stack, rasters)) == 1
    check(contender.account(shown), theirs)
