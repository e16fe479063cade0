"""The perceptron against scikit-learn's; with the synapses of columns, against a masked one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from spikeoff.contenders.gradient.mlp import MLP, MLPConfig, Perceptron
from spikeoff.data import Images
from spikeoff.errors import UserError


@pytest.mark.parametrize("initialisation", ["equalised", "kaiming"])
def test_probabilities_are_scikit_learns(few: Images, initialisation: Any) -> None:
    from sklearn.neural_network import MLPClassifier

    contender = MLP(MLPConfig(hidden=(32,), initialisation=initialisation))
    network = contender.module
    assert isinstance(network, Perceptron)
    state = contender.state()
    reference = MLPClassifier((32,), max_iter=1)
    inputs = few.flat / 255.0
    # One image of each digit makes it build its layers; then it gets our weights.
    reference.partial_fit(inputs, few.labels, classes=np.arange(10))
    reference.coefs_ = [
        state["hidden.weight"].T * network.scales[0],
        state["output.weight"].T * network.scales[1],
    ]
    reference.intercepts_ = [state["hidden.bias"], np.zeros(10)]
    scores = contender.respond(few).scores.astype(np.float64)
    ours = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ours, reference.predict_proba(inputs), rtol=1e-4, atol=1e-6)


def test_effective_operations_by_hand(few: Images) -> None:
    contender = MLP(MLPConfig(hidden=(32,)))
    state = contender.state()
    network = contender.module
    assert isinstance(network, Perceptron)
    hidden = few.flat / 255.0 * network.scales[0] @ state["hidden.weight"].T
    active = (hidden + state["hidden.bias"] > 0).sum(axis=1)
    account = contender.account(few)
    activity, operations = account.activity, account.operations
    assert activity.input_per_example == np.count_nonzero(few.flat) / len(few)
    assert activity.hidden_per_example == active.mean()
    expected = 32 * np.count_nonzero(few.flat) / len(few) + 10 * active.mean()
    assert operations.effective_macs == pytest.approx(expected, rel=1e-12)
    assert [layer.name for layer in operations.layers] == ["hidden", "output"]
    assert operations.dense_macs == 784 * 32 + 32 * 10


COLUMNS: dict[str, Any] = {"hidden": (72,), "synapses": "columns", "columns": 3, "field": 12}


def mask_of(contender: MLP) -> Any:
    mask = contender.config.mask(contender.spec)
    assert mask is not None
    return mask.T


@pytest.mark.parametrize("initialisation", ["equalised", "kaiming"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_absent_synapses_stay_zero_through_training(
    few: Images, initialisation: Any, weight_decay: float
) -> None:
    config = MLPConfig(
        **COLUMNS, initialisation=initialisation, weight_decay=weight_decay, clip_norm=1.0,
        batch_size=16, epochs=3,
    )  # fmt: skip
    contender = MLP(config)
    before = contender.state()["hidden.weight"]
    for epoch in (1, 2, 3):
        list(contender.learn(few, epoch))
    after, there = contender.state()["hidden.weight"], mask_of(contender)
    assert not after[~there].any()
    assert (after != before)[there].mean() > 0.4  # fields with ink in them
    again = MLP(config)
    again.resume(contender.snapshot())
    assert not again.state()["hidden.weight"][~there].any()


@pytest.mark.parametrize("by_kernels", [True, False])
def test_gradients_of_existing_synapses_are_those_of_a_masked_product(
    few: Images, *, by_kernels: bool
) -> None:
    contender = MLP(MLPConfig(**COLUMNS, dropout=0.0))
    network = contender.module.double()
    assert isinstance(network, Perceptron)
    pixels, labels = torch.from_numpy(few.flat), torch.from_numpy(few.labels).long()
    logits = network.by_kernels(pixels, ()) if by_kernels else network(pixels.double() / 255)
    functional.cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
    there = torch.from_numpy(mask_of(contender).copy())
    first, bias, output = (
        value.detach().clone().requires_grad_() for value in network.parameters()
    )
    scales = network.scales
    hidden = (pixels.double() / 255 * scales[0]) @ (first * there).T + bias
    reference = (hidden.relu() * scales[1]) @ output.T
    functional.cross_entropy(reference, labels).backward()  # type: ignore[no-untyped-call]
    for ours, theirs in zip(network.parameters(), (first, bias, output), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-9, atol=1e-14)
    assert first.grad is not None
    assert not first.grad[~there].any()


@pytest.mark.parametrize("initialisation", ["equalised", "kaiming"])
def test_each_neuron_starts_at_the_scale_of_its_own_fan_in(initialisation: Any) -> None:
    contender = MLP(MLPConfig(hidden=(5120,), synapses="columns", initialisation=initialisation))
    network = contender.module
    assert isinstance(network, Perceptron)
    weights = contender.state()["hidden.weight"].astype(np.float64) * network.scales[0]
    fan_in = mask_of(contender).sum(axis=1)
    assert len(set(fan_in)) > 1
    for n in set(fan_in):
        variance = (weights[fan_in == n] ** 2).sum(axis=1).mean()  # He et al., 2015: 2
        assert variance == pytest.approx(2, rel=0.05)


def test_the_ledger_counts_the_synapses_that_exist(few: Images) -> None:
    contender = MLP(MLPConfig(hidden=(512,), synapses="columns"))
    n = int(mask_of(contender).sum())
    assert n == 43_808
    first, last = contender.synapses()
    assert (first.dense, first.places, first.nonzero) == (n, n, n)
    assert (last.dense, last.places) == (5120, 5120)
    assert contender.parameter_count() == n + 512 + 5120 == 49_440
    assert contender.footprint().parameters_bytes == 4 * 49_440
    account = contender.account(few)
    assert account.operations.dense_macs == n + 5120
    assert account.sparsity.connection == 0
    lit = (few.flat > 0) @ mask_of(contender).T.astype(np.int64)
    assert account.operations.layers[0].effective_macs == lit.sum() / len(few)


def test_what_columns_cannot_be_is_refused() -> None:
    with pytest.raises(UserError, match=r"`engine` \(=tensorflow\) must be native"):
        MLPConfig(synapses="columns", engine="tensorflow")
    with pytest.raises(UserError, match=r"`columns` \(=5\) must be from 1 to 256"):
        MLPConfig(synapses="columns", columns=5)
    with pytest.raises(UserError, match=r"`field` \(=9\) must be left out"):
        MLPConfig(field=9)
