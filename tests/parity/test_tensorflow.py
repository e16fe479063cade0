"""Both engines of the conventional networks: the same weights and batches give the same numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from spikeoff.contenders.base import State
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.gradient.conventional import Conventional
from spikeoff.contenders.gradient.keras import weights
from spikeoff.contenders.gradient.keras.exchange import from_keras
from spikeoff.contenders.gradient.keras.loading import import_keras, start_tensorflow
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset, Images
from spikeoff.errors import UserError

pytestmark = pytest.mark.reference

COUNT = "num_batches_tracked"
"""A buffer of PyTorch's that no answer depends on."""

SHARE = {"mlp": 2e-4, "cnn": 0.01}
"""How far weights may be apart after ten steps, in units of the way they went. Adam's first steps
have one size whatever the gradient, so that rounding where that is about zero shows here most."""

CASES: list[tuple[str, dict[str, Any]]] = [
    ("mlp", {}),
    ("mlp", {"initialisation": "kaiming", "learning_rate": 0.001, "hidden": (100,)}),
    ("mlp", {"label_smoothing": 0.1, "weight_decay": 1.0, "clip_norm": 0.05}),
    ("cnn", {}),
]
DEEPER: dict[str, Any] = {"channels": (8, 12), "convolutions": 2, "n_hidden": 100}
"""A ``cnn`` with two convolutions in each stage."""


def pair(name: str, **changes: Any) -> tuple[Conventional, Conventional]:
    """The native and the Keras engine under the same settings, without dropout."""
    kind: Any = find(name)
    config = kind.config_type(num_threads=1, device="cpu", dropout=0.0, **changes)
    return kind(config), kind(replace(config, engine="tensorflow"))


@pytest.mark.parametrize(("name", "changes"), CASES)
def test_the_first_ten_losses_of_the_full_preset_agree(
    mnist: Dataset, name: str, changes: dict[str, Any]
) -> None:
    native, keras = pair(name, **changes)
    begun = native.state()
    losses: list[list[float]] = []
    right: list[list[int]] = []
    for network in (native, keras):
        network.batches_per_step = 1
        steps = list(islice(network.learn(mnist.train, 1), 10))
        losses.append([step.loss / step.examples for step in steps if step.loss is not None])
        right.append([step.correct for step in steps if step.correct is not None])
        assert len(losses[-1]) == len(right[-1]) == 10
    assert losses[0][0] != losses[0][-1]
    np.testing.assert_allclose(losses[1], losses[0], rtol=0, atol=1e-4)
    assert np.abs(np.subtract(right[1], right[0])).max() <= 1
    ours, theirs = native.state(), keras.state()
    assert ours.keys() == theirs.keys()
    for key in (key for key in ours if COUNT not in key):
        apart, moved = (np.linalg.norm(ours[key] - one[key]) for one in (theirs, begun))
        assert apart < SHARE[name] * moved, key


@pytest.mark.parametrize(("name", "changes"), [("mlp", {}), ("cnn", {}), ("cnn", DEEPER)])
def test_logits_and_accounts_agree(few: Images, name: str, changes: dict[str, Any]) -> None:
    networks = pair(name, **changes)
    ours, theirs = (network.respond(few) for network in networks)
    np.testing.assert_allclose(theirs.scores, ours.scores, rtol=0, atol=1e-4)
    assert float(np.abs(ours.scores).max()) > 0.05
    account, other = (network.account(few) for network in networks)
    assert account == other


@pytest.mark.parametrize(
    ("name", "changes", "dtype", "tolerance"),
    [
        ("mlp", {}, "float32", 1e-4),
        ("cnn", {}, "float32", 1e-4),
        ("mlp", {}, "float64", 1e-6),
        ("cnn", {}, "float64", 1e-6),
        ("cnn", DEEPER, "float64", 1e-6),
    ],
)
def test_gradients_agree(
    few: Images, name: str, changes: dict[str, Any], dtype: str, tolerance: float
) -> None:
    """Within each array, the difference's norm against the gradient's.

    In single precision of the kernels that train; in double of the PyTorch module, which shows
    that both networks are one function.
    """
    contender, _ = pair(name, **changes)
    theirs = keras_gradients(contender, few, dtype)
    ours = native_gradients(contender, few, dtype)
    assert ours.keys() == theirs.keys()
    for key, gradient in ours.items():
        apart, size = np.linalg.norm(theirs[key] - gradient), np.linalg.norm(gradient)
        assert 0 < apart < tolerance * size, key


def native_gradients(contender: Conventional, images: Images, dtype: str) -> State:
    network = contender.module.train()
    pixels = torch.from_numpy(images.flat)
    if dtype == "float32":
        logits = contender.present(pixels, images.ids, epoch=1)
    else:
        shape = (-1, 1, 28, 28) if contender.id == "cnn" else (-1, 784)
        logits = network.double()(pixels.double().view(shape) / 255)
    target = torch.from_numpy(images.labels).long()
    functional.cross_entropy(logits, target, label_smoothing=0.1).backward()  # type: ignore[no-untyped-call]
    slopes = {name: one.grad for name, one in network.named_parameters()}
    return {name: slope.numpy() for name, slope in slopes.items() if slope is not None}


def keras_gradients(contender: Conventional, images: Images, dtype: str) -> State:
    """By plain TensorFlow, put in PyTorch's layout as weights are."""
    keras, tf = import_keras(), start_tensorflow(1)
    keras.config.set_dtype_policy(dtype)
    try:
        network = contender.keras_network()
    finally:
        keras.config.set_dtype_policy("float32")
    weights.load(network, contender.state())
    loss = keras.losses.CategoricalCrossentropy(True, 0.1, dtype=dtype)
    with tf.GradientTape() as tape:
        logits = network(images.flat.reshape(-1, 28, 28).astype(dtype), training=True)
        value = loss(tf.one_hot(images.labels, 10), logits)
    trained = network.trainable_variables
    for variable, gradient in zip(trained, tape.gradient(value, trained), strict=True):
        variable.assign(gradient)
    return {k: a for k, a in weights.read(network).items() if ".running_" not in k}


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_weights_survive_the_way_to_keras_and_back_bit_for_bit(name: str) -> None:
    kind: Any = find(name)
    native = kind(from_plain(kind.config_type, {"num_threads": 1, "n_hidden": 20}))
    rng = np.random.default_rng(0)
    state = {
        key: rng.random(array.shape).astype(array.dtype) for key, array in native.state().items()
    }
    network = native.keras_network()
    weights.load(network, state)
    back = weights.read(network)
    assert back.keys() == {key for key in state if COUNT not in key}
    assert all(np.array_equal(array, state[key]) for key, array in back.items())


@pytest.mark.parametrize(
    ("name", "changes"), [("mlp", {}), ("mlp", {"initialisation": "kaiming"}), ("cnn", {})]
)
def test_a_keras_model_answers_as_the_network_it_came_from_and_becomes(
    mnist: Dataset, name: str, changes: dict[str, Any]
) -> None:
    kind: Any = find(name)
    first = kind(from_plain(kind.config_type, {"num_threads": 1, "n_hidden": 50, **changes}))
    list(first.learn(mnist.train.take(slice(0, 640)), 1))
    model = first.keras_model()
    scores = first.respond(mnist.test).scores
    pictures = mnist.test.flat.reshape(-1, 28, 28)
    probabilities = model.predict(pictures, batch_size=1000, verbose=0)
    expected = torch.from_numpy(scores).softmax(1).numpy()
    np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-5)
    assert (probabilities.argmax(1) == scores.argmax(1)).all()
    again = from_keras(model).respond(mnist.test)
    np.testing.assert_array_equal(again.scores, scores)


def test_another_keras_model_is_refused() -> None:
    keras = import_keras()
    other = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    with pytest.raises(UserError, match="is no mlp or cnn of this package") as caught:
        from_keras(other)
    assert "\n" not in str(caught.value)
    kind: Any = find("cnn")
    model = kind(kind.config_type(num_threads=1, n_hidden=20)).keras_model()
    model.get_layer("norm1").epsilon = 1e-3
    with pytest.raises(UserError, match="layer norm1 differs in epsilon"):
        from_keras(model)
