"""A network that learns and answers in TensorFlow: Keras' layers, loss and optimizer.

Sources: F. Chollet and others, Keras 3; M. Abadi and others, "TensorFlow: a system for large-scale
machine learning", OSDI 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.base import State
from spikeoff.contenders.gradient.keras import weights
from spikeoff.contenders.gradient.keras.loading import import_keras
from spikeoff.data import ImageSpec

if TYPE_CHECKING:
    from spikeoff.contenders.gradient.trainer import GradientConfig

EPSILON = 1e-8
"""Adam's, as PyTorch has it: added to the root of the corrected second moment."""

OPTIMIZER = "keras_optimizer."
"""How names of its variables begin in a snapshot."""


class KerasEngine:
    """A Keras network under the settings of a gradient-trained contender.

    Pixels go in as [n, n_pixels] uint8, as the data set has them.

    Args:
        network: from pixels [n, height, width(, channels)] to logits, of the layers in
            ``networks``.
        settings: of the training.
        spec: what the images are.
        tf: TensorFlow, started.
    """

    def __init__(self, network: Any, settings: GradientConfig, spec: ImageSpec, tf: Any) -> None:
        keras = import_keras()
        self.network, self._spec, self._tf = network, spec, tf
        self._optimizer = keras.optimizers.AdamW(
            settings.learning_rate,
            weight_decay=settings.weight_decay,
            beta_1=settings.beta1,
            beta_2=settings.beta2,
            epsilon=EPSILON,
            global_clipnorm=settings.clip_norm,
        )
        self._optimizer.build(network.trainable_variables)
        self._loss = keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=settings.label_smoothing
        )
        dropouts = [one for one in network.layers if isinstance(one, keras.layers.Dropout)]
        self._seeds = [one.seed_generator.state for one in dropouts if one.rate]
        pixels = tf.TensorSpec([None, spec.n_pixels], tf.uint8)
        labels = tf.TensorSpec([None], tf.uint8)
        numbers = [tf.TensorSpec([], tf.float32), tf.TensorSpec([2], tf.int64)]
        self._learning = tf.function(self._learn, input_signature=[pixels, labels, *numbers])
        self._answering = tf.function(self._answer, input_signature=[pixels])

    def learn(
        self,
        pixels: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        rate: float,
        seed: NDArray[np.int64],
    ) -> tuple[float, float]:
        """One step of Adam; returns right answers and summed loss, without smoothing.

        Args:
            pixels, labels: the batch.
            rate: step size.
            seed: [2] of the dropout.
        """
        right, loss = self._learning(pixels, labels, np.float32(rate), seed).numpy()
        return float(right), float(loss)

    def answer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits [n, n_classes]."""
        logits: NDArray[np.float32] = self._answering(pixels).numpy()
        return logits

    def state(self) -> State:
        """Weights and running statistics, by PyTorch's names and layout."""
        return weights.read(self.network)

    def restore(self, state: State) -> None:
        """Take over what ``state`` returned."""
        weights.load(self.network, state)

    def snapshot(self) -> State:
        """What the optimizer knows: its count of steps, and both moments of each weight."""
        return {
            f"{OPTIMIZER}{number}": np.array(variable.numpy())
            for number, variable in enumerate(self._moments())
        }

    def resume(self, snapshot: State) -> None:
        """Take over what ``snapshot`` returned."""
        for number, variable in enumerate(self._moments()):
            variable.assign(snapshot[f"{OPTIMIZER}{number}"])

    def _moments(self) -> list[Any]:
        rate = self._optimizer.learning_rate
        return [variable for variable in self._optimizer.variables if variable is not rate]

    def _learn(self, pixels: Any, labels: Any, rate: Any, seed: Any) -> Any:
        """The graph of ``learn``."""
        tf, optimizer, trained = self._tf, self._optimizer, self.network.trainable_variables
        for layer, state in enumerate(self._seeds):
            state.assign(seed + layer)
        with tf.GradientTape() as tape:
            logits = self.network(self._pictures(pixels), training=True)
            loss = self._loss(tf.one_hot(labels, self._spec.n_classes), logits)
        gradients = tape.gradient(loss, trained)
        optimizer.learning_rate.assign(rate)
        # Keras adds epsilon to the root of the moment before it is corrected; PyTorch, after.
        step = tf.cast(optimizer.iterations + 1, tf.float32)
        optimizer.epsilon = EPSILON * tf.sqrt(1 - tf.pow(optimizer.beta_2, step))
        optimizer.apply(gradients, trained)
        optimizer.epsilon = EPSILON
        classes = tf.cast(labels, tf.int64)
        right = tf.reduce_sum(tf.cast(tf.argmax(logits, axis=1) == classes, tf.float32))
        plain = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, logits)
        return tf.stack([right, tf.reduce_sum(plain)])

    def _answer(self, pixels: Any) -> Any:
        """The graph of ``answer``."""
        return self.network(self._pictures(pixels), training=False)

    def _pictures(self, pixels: Any) -> Any:
        return self._tf.reshape(self._tf.cast(pixels, self._tf.float32), [-1, *self._spec.shape])
