"""Both networks of Keras' own layers, from pixels (0 to 255) to logits.

Layers have the names of their counterparts in PyTorch. Input is [n, height, width(, channels)];
everything that the native engine does to pixels is a layer here, so that a saved model needs no
code of this package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from spikeoff.contenders.gradient.keras.loading import import_keras
from spikeoff.contenders.gradient.layer_sizes import part_name
from spikeoff.data import ImageSpec

NORM_MOMENTUM = 0.9
"""Share that the running statistics keep at a step: 1 - PyTorch's momentum of 0.1."""

NORM_EPSILON = 1e-5
"""Added to the variance, as PyTorch has it; Keras' own default is 1e-3."""


def perceptron(
    spec: ImageSpec, hidden: Sequence[int], dropout: float, scales: Sequence[float]
) -> Any:
    """Hidden layers of ReLUs with dropout, and the output; each layer's inputs times its scale.

    Initial weights are normal; with scales of 1 they get the standard deviation that else stands
    in the scale, sqrt(2 / fan-in).
    """
    keras = import_keras()
    layers, normal = keras.layers, keras.initializers.RandomNormal
    fan_in = [spec.n_pixels, *hidden]
    spreads = [math.sqrt(2 / n) / scale for n, scale in zip(fan_in, scales, strict=True)]
    pixels = keras.Input(spec.shape, name="pixels")
    x = layers.Flatten(name="flat")(pixels)
    x = layers.Rescaling(1 / 255, name="to_unit")(x)
    x = layers.Rescaling(scales[0], name="input_scale")(x)
    for number, n in enumerate(hidden, 1):
        weights = normal(0.0, spreads[number - 1])
        name = part_name("hidden", number)
        x = layers.Dense(n, kernel_initializer=weights, name=name)(x)
        x = layers.ReLU(name=part_name("relu", number))(x)
        x = layers.Dropout(dropout, seed=number - 1, name=part_name("dropout", number))(x)
        x = layers.Rescaling(scales[number], name=part_name("hidden_scale", number))(x)
    logits = layers.Dense(
        spec.n_classes, use_bias=False, kernel_initializer=normal(0.0, spreads[-1]), name="output"
    )(x)
    return keras.Model(pixels, logits, name="mlp")


def convolutional(
    spec: ImageSpec,
    n_hidden: int,
    dropout: float,
    channels: Sequence[int],
    convolutions: int,
    map_dropout: float,
    padding: int,
) -> Any:
    """Stages of convolutions with norm, 2 x 2 pooling and ReLU; then two dense layers."""
    keras = import_keras()
    layers = keras.layers
    pixels = keras.Input(spec.shape, name="pixels")
    x = layers.Rescaling(1 / 255, name="to_unit")(pixels)
    x = layers.Reshape((spec.height, spec.width, spec.channels), name="picture")(x)
    of_stages = [(n, k == convolutions) for n in channels for k in range(1, convolutions + 1)]
    for number, (n, pooled) in enumerate(of_stages, 1):
        x = layers.Conv2D(
            n, 3, padding="same" if padding else "valid", use_bias=False,
            kernel_initializer=_uniform(keras), name=f"conv{number}",
        )(x)  # fmt: skip
        x = layers.BatchNormalization(
            momentum=NORM_MOMENTUM, epsilon=NORM_EPSILON, name=f"norm{number}"
        )(x)
        if pooled:
            x = layers.MaxPooling2D(2, name=f"pool{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
        if pooled and map_dropout:
            x = layers.Dropout(map_dropout, seed=number, name=f"dropout_maps{number}")(x)
    x = layers.Flatten(name="flat")(x)
    x = _dense(keras, n_hidden, int(x.shape[-1]), "hidden")(x)
    x = layers.ReLU(name="relu")(x)
    x = layers.Dropout(dropout, seed=0, name="dropout")(x)
    return keras.Model(pixels, _dense(keras, spec.n_classes, n_hidden, "output")(x), name="cnn")


def answering(network: Any, learning_rate: float) -> Any:
    """The network as it is used: probabilities instead of logits, compiled for Keras' own verbs."""
    keras = import_keras()
    probabilities = keras.layers.Softmax(name="probabilities")(network.output)
    model = keras.Model(network.input, probabilities, name=network.name)
    model.compile(
        keras.optimizers.AdamW(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.optimizer.build(model.trainable_variables)  # else a reader is warned that it was not
    return model


def _uniform(keras: Any) -> Any:
    """Uniform within ± 1 / sqrt(fan-in): PyTorch's initial weights."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def _dense(keras: Any, n: int, fan_in: int, name: str) -> Any:
    bound = 1 / math.sqrt(fan_in)
    bias = keras.initializers.RandomUniform(-bound, bound)
    return keras.layers.Dense(
        n, kernel_initializer=_uniform(keras), bias_initializer=bias, name=name
    )
