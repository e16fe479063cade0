"""What the conventional contenders share: an engine to choose.

Both engines see the same batches in the same order, at the same step sizes, and begin with the same
weights; dropout alone is drawn by each in its own way. The PyTorch module stays beside a Keras
network, takes over its weights when asked, and counts what it does.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from spikeoff.contenders.base import Response, State, require
from spikeoff.contenders.effects import setting
from spikeoff.contenders.gradient.keras import networks, weights
from spikeoff.contenders.gradient.keras.engine import KerasEngine
from spikeoff.contenders.gradient.keras.loading import start_tensorflow
from spikeoff.contenders.gradient.trainer import GradientConfig, GradientContender
from spikeoff.contenders.hardware import thread_count
from spikeoff.data import MNIST, Images, ImageSpec
from spikeoff.errors import UserError
from spikeoff.files import whole_file
from spikeoff.ledger.recording import Recording, Synapses

Engine = Literal["native", "tensorflow"]

KERAS_MODEL = "model.keras"

TENSORFLOW_BYTES = 500 << 20
"""What TensorFlow takes before it does anything, about."""


@dataclass(frozen=True, kw_only=True)
class ConventionalConfig(GradientConfig):
    """A conventional network, trained by Adam."""

    engine: Engine = setting("native", searched=False)
    """native: PyTorch; tensorflow: Keras 3 on the CPU (extra tensorflow), writes model.keras."""

    def __post_init__(self) -> None:
        super().__post_init__()
        average = self.weight_average
        require("weight_average", average, not average or self.engine == "native",
                "left out: only engine native averages")  # fmt: skip


class Conventional(GradientContender):
    """A network without spikes, which PyTorch or Keras computes."""

    spiking = False
    score_unit = "logit"
    config: Any
    _keras: KerasEngine | None = None

    def __init__(self, config: ConventionalConfig, spec: ImageSpec = MNIST) -> None:
        self.config, self.engine = config, config.engine
        if config.engine == "native":
            super().__init__(config, spec)
            return
        if config.device not in ("auto", "cpu"):
            raise UserError(
                f"`device` (={config.device}) must be cpu: engine tensorflow computes there alone"
            )
        tensorflow = start_tensorflow(thread_count(config.num_threads))
        super().__init__(replace(config, device="cpu"), spec)
        self.libraries = ("tensorflow", "keras")
        engine = KerasEngine(self.keras_network(), config, spec, tensorflow)
        engine.restore(self.state())
        self._keras = engine

    @abstractmethod
    def keras_network(self) -> Any:
        """The network of Keras' layers, from pixels to logits, with weights of its own."""

    def keras_model(self) -> Any:
        """The network as Keras' users have it: from pixels [n, height, width] to probabilities."""
        network = self.keras_network()
        weights.load(network, self.state())
        return networks.answering(network, self.settings.learning_rate)

    @classmethod
    def memory_needed(cls, config: GradientConfig, n_images: int, spec: ImageSpec = MNIST) -> int:
        """What the network takes, and TensorFlow itself."""
        needed = super().memory_needed(config, n_images, spec)
        on_keras = isinstance(config, ConventionalConfig) and config.engine == "tensorflow"
        return needed + TENSORFLOW_BYTES if on_keras else needed

    def warm_up(self, images: Images) -> None:
        """With Keras: learn a batch and forget it, so that both graphs are made."""
        if self._keras is None:
            super().warm_up(images)
            return
        before = self.snapshot()
        self._keras.learn(images.flat, images.labels, 0.0, _dropout_seed(0, 0, 0))
        self.resume(before)
        self.respond(images)
        self.record(images)

    def record(self, images: Images, every: int | None = None) -> Recording:
        """Recorded from the PyTorch module, which has the same weights."""
        self._mirror()
        return super().record(images, every)

    def synapses(self) -> tuple[Synapses, ...]:
        """Those of the PyTorch module."""
        self._mirror()
        return super().synapses()

    def raw_state(self) -> State:
        """Weights and buffers, by PyTorch's names and layout whatever the engine."""
        self._mirror()
        return super().raw_state()

    def restore_raw(self, state: State) -> None:
        """Take over weights and buffers."""
        super().restore_raw(state)
        if self._keras is not None:
            self._keras.restore(state)

    def snapshot(self) -> State:
        """Weights and buffers, and what the optimizer knows."""
        return super().snapshot() | (self._keras.snapshot() if self._keras else {})

    def resume(self, snapshot: State) -> None:
        """Take over weights, buffers and moments."""
        super().resume(snapshot)
        if self._keras is not None:
            self._keras.resume(snapshot)

    def write_extras(self, folder: Path, images: Images, response: Response) -> None:
        """With Keras: the model, as its users have it."""
        del images, response
        if self._keras is not None:
            save_keras(self.keras_model(), folder / KERAS_MODEL)

    def _learn_batch(self, images: Images, rows: torch.Tensor, epoch: int) -> torch.Tensor:
        if self._keras is None:
            return super()._learn_batch(images, rows, epoch)
        batch = self.training_images(images, rows.cpu().numpy(), epoch)
        seed = _dropout_seed(self.settings.seed, epoch, int(batch.ids[0]))
        pixels, labels = batch.flat, batch.labels
        return torch.tensor(self._keras.learn(pixels, labels, self._rate, seed))

    def _answer(self, pixels: NDArray[np.uint8], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        if self._keras is None:
            return super()._answer(pixels, ids)
        return self._keras.answer(pixels)

    def _mirror(self) -> None:
        """Let the module have Keras' weights."""
        if self._keras is not None:
            held = {name: torch.from_numpy(array) for name, array in self._keras.state().items()}
            self.module.load_state_dict(self.module.state_dict() | held)


def _dropout_seed(seed: int, epoch: int, first: int) -> NDArray[np.int64]:
    """[2] of a batch, identified by its first image, so that no generator's state need be kept."""
    words = np.random.SeedSequence([seed, epoch, first]).generate_state(2, np.uint32)
    return words.astype(np.int64)


def save_keras(model: Any, path: Path) -> None:
    """Write a Keras model, whole or not at all."""
    with whole_file(path) as temporary:
        model.save(temporary)
