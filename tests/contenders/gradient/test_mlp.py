"""The perceptron against scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from spikeoff.contenders.gradient.mlp import MLP, MLPConfig, Perceptron
from spikeoff.data import Images


@pytest.mark.parametrize("initialisation", ["equalised", "kaiming"])
def test_probabilities_are_scikit_learns(few: Images, initialisation: Any) -> None:
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
