"""What the gradient-trained contenders share: batches, Adam, schedule, and where they compute."""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.coding import EVALUATION
from spikeoff.contenders.base import (
    Contender,
    Response,
    State,
    Step,
    check_fits,
    require,
)
from spikeoff.contenders.gradient.adam import Adam
from spikeoff.contenders.gradient.augmentation import AugmentationConfig
from spikeoff.contenders.gradient.cross_entropy import cross_entropy
from spikeoff.contenders.gradient.numba import dropout_mask as dropout
from spikeoff.contenders.hardware import choose_device, computing, thread_count
from spikeoff.data import MNIST, Images, ImageSpec
from spikeoff.kernels.ordered_sums import sum_of_squares
from spikeoff.learning.averaging import WeightAverage
from spikeoff.learning.dropout import keep_mask_torch
from spikeoff.learning.pruning import FixedSynapses, GradualPruning
from spikeoff.learning.schedule import Schedule, rate_fraction
from spikeoff.ledger.account import Footprint
from spikeoff.ledger.module_recording import ModuleRecorder
from spikeoff.ledger.recording import Recording, Synapses
from spikeoff.numerics.mode import is_strict, strictly

BYTES_A_WEIGHT = 48
"""Weight, gradient and two moments; the copies that a checkpoint makes; the best epoch's."""

WEIGHTS, ADAM, LEARNING = "weights.", "adam.", "learning."
"""How names in a snapshot begin."""


@dataclass(frozen=True, kw_only=True)
class GradientConfig(AugmentationConfig):
    """Training by Adam on the cross-entropy of small batches."""

    learning_rate: float = 0.02
    """Peak learning rate of Adam; it increases during warm-up, then follows the schedule."""
    schedule: Schedule = "cosine"
    """The learning rate after warm-up: cosine and linear decrease it to zero; constant keeps it."""
    beta1: float = 0.9
    """Adam: decay rate of the mean gradient."""
    beta2: float = 0.999
    """Adam: decay rate of the mean squared gradient."""
    batch_size: int = 128
    """Number of images per training step."""
    warmup_epochs: float = 1.0
    """Number of epochs over which the learning rate increases to its peak."""
    clip_norm: float | None = None
    """Upper bound of the gradient norm over all weights; none by default."""
    weight_decay: float = 0.0
    """Decoupled weight decay (AdamW): share of each weight removed per step, times the step
    size."""
    label_smoothing: float = 0.0
    """Label smoothing: share of the target spread over all classes."""
    weight_average: float = 0.0
    """The network answers with an exponential moving average of its weights, of which it keeps this
    share per training step, such as 0.999; 0 for none."""
    patience: int | None = None
    """Epochs without a lower validation loss before training stops; never by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        rate = self.learning_rate
        require("learning_rate", rate, rate > 0, "above 0")
        require("beta1", self.beta1, 0 <= self.beta1 < 1, "from 0 to below 1")
        require("beta2", self.beta2, 0 <= self.beta2 < 1, "from 0 to below 1")
        require("batch_size", self.batch_size, self.batch_size >= 1, "at least 1")
        warmup = self.warmup_epochs
        require("warmup_epochs", warmup, 0 <= warmup < math.inf, "0 or more")
        clip = self.clip_norm
        require("clip_norm", clip, clip is None or 0 < clip < math.inf, "above 0")
        decay = self.weight_decay
        require("weight_decay", decay, 0 <= decay < math.inf, "0 or more")
        smoothing = self.label_smoothing
        require("label_smoothing", smoothing, 0 <= smoothing < 1, "from 0 to below 1")
        average = self.weight_average
        require("weight_average", average, 0 <= average < 1, "from 0 to below 1")
        patience = self.patience
        require("patience", patience, patience is None or patience >= 1, "at least 1")


class GradientContender(Contender):
    """A PyTorch module trained by Adam.

    A subclass builds the module and says how a batch of images goes through it.
    """

    evaluation_batch: int = 500
    """Images that answer at once."""
    remedy = "lower --learning_rate or set --clip_norm"
    memory_grows_with = "--hidden or --batch_size"
    batches_per_step: int = 16
    """Batches between two looks at the loss: on a GPU each look waits for the device."""

    def __init__(self, config: GradientConfig, spec: ImageSpec = MNIST) -> None:
        self.spec = spec
        self.settings = config
        self.device = choose_device("cpu" if config.strict else config.device)
        self.patience = config.patience
        self._distortion = config.distortion(spec)
        self._threads = thread_count(config.num_threads)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(config.seed)
            with strictly(config.strict):
                self.module = self.build().to(self.device)
        self.optimizer = Adam(
            self.module.parameters(), config.learning_rate, (config.beta1, config.beta2),
            config.weight_decay, fused=self.device != "mps",
        )  # fmt: skip
        self._average: WeightAverage | None = None
        if config.weight_average:
            learned = itertools.chain(self.module.parameters(), self.module.buffers())
            self._average = WeightAverage(learned, config.weight_average)
        self._resident: tuple[Images, tuple[torch.Tensor, torch.Tensor, torch.Tensor]] | None = None
        self._rate = 0.0
        self.steps_done = 0
        self.progress = 0.0
        """Share of all training steps done."""

    @abstractmethod
    def build(self) -> nn.Module:
        """The network, with its initial weights drawn from PyTorch's generator."""

    @abstractmethod
    def present(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """Send a batch through; its logits [n, classes].

        Args:
            pixels: [n, n_pixels] uint8, on the device.
            ids: [n] int64, which examples they are; an array, or a tensor on the device.
            epoch: ``EVALUATION`` outside training.
        """

    @classmethod
    def memory_needed(cls, config: GradientConfig, n_images: int, spec: ImageSpec = MNIST) -> int:
        """Weights, gradients and moments, a checkpoint of them, and what a batch leaves."""
        weights, image_bytes = cls.sizes(config, spec)
        together = max(config.batch_size, cls.evaluation_batch)
        return BYTES_A_WEIGHT * weights + image_bytes * together + 3 * spec.n_pixels * n_images

    @classmethod
    @abstractmethod
    def sizes(cls, config: Any, spec: ImageSpec = MNIST) -> tuple[int, int]:
        """Weights of the network, and bytes that an image's way through it takes at most."""

    def warm_up(self, images: Images) -> None:
        """One way forward and back, its traces removed; then a recording."""
        before = self.raw_state()
        self.module.train()
        with self._computing():
            rows = torch.arange(len(images), device=self.device)
            pixels, labels, ids = self._batch(images, rows, 1)
            logits = self.present(pixels, ids, 1)
            cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
        self.optimizer.zero_grad()
        self.restore_raw(before)
        self.record(images)

    def learn(self, images: Images, epoch: int, start: int = 0) -> Iterator[Step]:
        """One pass in a new order; yields after every ``batches_per_step`` batches."""
        seed, size = self.settings.seed, self.settings.batch_size
        order = np.random.default_rng([seed, epoch]).permutation(len(images))
        batches = torch.split(torch.from_numpy(order).to(self.device), size)
        for first in range(start // size, len(batches), self.batches_per_step):
            self.module.train()
            done = torch.zeros(2, device=self.device)  # right answers, summed loss
            chunk = batches[first : first + self.batches_per_step]
            with self._computing(), self._learning():  # not across the yield: others compute, too
                for number, rows in enumerate(chunk, first):
                    self._set_rate((epoch - 1) * len(batches) + number, len(batches))
                    done += self._learn_batch(images, rows, epoch)
                    if self._average is not None:
                        self._average.follow(self.steps_done)
                correct, loss = done.tolist()
            yield Step(sum(map(len, chunk)), round(correct), loss)

    @contextmanager
    def _learning(self) -> Iterator[None]:
        """Learn with the weights themselves; outside, their average answers if there is one."""
        if self._average is None:
            yield
            return
        self._average.exchange(answering=False)
        try:
            yield
        finally:
            self._average.exchange(answering=True)

    def _learn_batch(self, images: Images, rows: torch.Tensor, epoch: int) -> torch.Tensor:
        """One step of Adam; returns right answers and summed loss, still on the device.

        Without augmentation, all that it reads lies on the device, so a GPU is given batch after
        batch without a wait.
        """
        pixels, target, ids = self._batch(images, rows, epoch)
        logits = self.present(pixels, ids, epoch)
        loss = cross_entropy(logits, target, self.settings.label_smoothing)
        penalty = self.penalty()
        self.optimizer.zero_grad()
        (loss if penalty is None else loss + penalty).backward()  # type: ignore[no-untyped-call]
        if self.settings.clip_norm is not None:
            clip_gradients(list(self.module.parameters()), self.settings.clip_norm)
        self._update_weights()
        with torch.no_grad():
            plain_loss = loss  # as validation has it, without smoothing
            if self.settings.label_smoothing:
                plain_loss = cross_entropy(logits, target)
            return torch.stack([(logits.argmax(1) == target).sum(), plain_loss * len(rows)])

    def _batch(
        self, images: Images, rows: torch.Tensor, epoch: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pixels, labels and ids of a training step, on the device."""
        pixels, labels, ids = self._on_device(images)
        if self._distortion is None:
            return pixels[rows], labels[rows], ids[rows]
        distorted = self.training_images(images, rows.cpu().numpy(), epoch)
        return torch.from_numpy(distorted.flat).to(self.device), labels[rows], ids[rows]

    def training_images(self, images: Images, rows: NDArray[np.int64], epoch: int) -> Images:
        """The images of a training step; distorted, if the settings say so."""
        taken = images.take(rows)
        return taken if self._distortion is None else self._distortion.apply(taken, epoch)

    def penalty(self) -> torch.Tensor | None:
        """What is added to the loss of the last batch in training; None for nothing."""
        return None

    def pruning(self) -> GradualPruning | FixedSynapses | None:
        """What keeps weights at 0 while they learn; nothing by default."""
        return None

    def _update_weights(self) -> None:
        """Change the weights by their gradients; those that are no synapses stay 0."""
        pruning = self.pruning()
        if pruning is None:
            self.optimizer.step()
        else:
            pruning.step(self.optimizer.step, self.steps_done, self.progress)

    def respond(self, images: Images) -> Response:
        """Answer in batches, without gradient and dropout."""
        scores = np.empty((len(images), self.spec.n_classes), np.float32)
        with self._computing():
            for first in range(0, len(images), self.evaluation_batch):
                part = slice(first, first + self.evaluation_batch)
                scores[part] = self._answer(images.flat[part], images.ids[part])
        return Response(scores)

    def _answer(self, pixels: NDArray[np.uint8], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits of a batch."""
        self.module.eval()
        with torch.no_grad():
            logits = self.present(torch.from_numpy(pixels).to(self.device), ids, EVALUATION)
            return logits.float().cpu().numpy()

    def hidden_activity(self, images: Images) -> NDArray[Any]:
        """[n, neurons] float32 what enters the last layer, as ``record`` sees it."""
        layers = [one for one in self.module.modules() if isinstance(one, nn.Linear | nn.Conv2d)]
        parts = [np.zeros((0, layers[-1].weight[0].numel()), np.float32)]

        def see(module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
            del module
            parts.append(inputs[0].flatten(1).float().cpu().numpy())

        hook = layers[-1].register_forward_pre_hook(see)
        try:
            self.record(images)
        finally:
            hook.remove()
        return np.concatenate(parts)

    def record(self, images: Images, every: int | None = None) -> Recording:
        """What meets the weights of the module's layers; it answers in one step."""
        del every
        scores = np.empty((len(images), self.spec.n_classes), np.float32)
        self.module.eval()
        with self._computing(), torch.no_grad(), ModuleRecorder(self.module) as recorder:
            for first in range(0, len(images), self.evaluation_batch):
                part = slice(first, first + self.evaluation_batch)
                pixels = torch.from_numpy(images.flat[part]).to(self.device)
                logits = self.present(pixels, images.ids[part], EVALUATION)
                scores[part] = logits.float().cpu().numpy()
        return recorder.recording(scores)

    def synapses(self) -> tuple[Synapses, ...]:
        """The weights of the module's layers."""
        blank = torch.zeros((1, self.spec.n_pixels), dtype=torch.uint8, device=self.device)
        self.module.eval()
        with self._computing(), torch.no_grad(), ModuleRecorder(self.module) as recorder:
            self.present(blank, np.zeros(1, np.int64), EVALUATION)
        return recorder.synapses()

    def footprint(self) -> Footprint:
        """The module's parameters and buffers as PyTorch holds them."""
        held = [
            sum(tensor.numel() * tensor.element_size() for tensor in tensors)
            for tensors in (self.module.parameters(), self.module.buffers())
        ]
        return Footprint(*held)

    def loss(self, response: Response, images: Images) -> float | None:
        """Mean cross-entropy, without smoothing."""
        if not len(images):
            return None
        labels = torch.from_numpy(images.labels).long()
        with self._computing():
            return float(cross_entropy(torch.from_numpy(response.scores), labels))

    def parameter_count(self) -> int:
        """Numbers that Adam changes."""
        return sum(weights.numel() for weights in self.module.parameters())

    def state(self) -> State:
        """Weights and buffers."""
        return self.raw_state()

    def restore(self, state: State) -> None:
        """Take over weights and buffers."""
        self.restore_raw(state)

    def raw_state(self) -> State:
        """Weights and buffers as the module holds them while it learns."""
        return {
            name: value.detach().cpu().numpy().copy()
            for name, value in self.module.state_dict().items()
        }

    def restore_raw(self, state: State) -> None:
        """Take over what ``raw_state`` returned."""
        self.module.load_state_dict({name: torch.from_numpy(v) for name, v in state.items()})

    def snapshot(self) -> State:
        """Weights and buffers, and Adam's moments of each weight.

        Where the weights are averaged, the average, and beside it the weights that learn.
        """
        snapshot = {f"{WEIGHTS}{name}": value for name, value in self.raw_state().items()}
        for number, weights in enumerate(self._held()):
            snapshot[f"{LEARNING}{number}"] = weights.cpu().numpy().copy()
        for name, value in self.optimizer.snapshot().items():
            snapshot[f"{ADAM}{name}"] = value
        return snapshot

    def resume(self, snapshot: State) -> None:
        """Take over weights, buffers and moments."""
        weights_and_buffers, learning = _below(snapshot, WEIGHTS), _below(snapshot, LEARNING)
        check_fits(weights_and_buffers, self.raw_state())
        held = self._held()
        check_fits(learning, {str(k): one.cpu().numpy() for k, one in enumerate(held)})
        self.restore_raw(weights_and_buffers)
        for number, weights in enumerate(held):
            weights.copy_(torch.from_numpy(learning[str(number)]))
        self.optimizer.resume(_below(snapshot, ADAM))

    def epoch_metrics(self) -> dict[str, float]:
        """The learning rate at the epoch's end."""
        return {"learning_rate": self._rate}

    def keep_mask(
        self, ids: Any, epoch: int, n_neurons: int, share: float, layer: int = 1
    ) -> torch.Tensor | None:
        """[n, n_neurons] uint8, 0 for neurons that dropout silences; None where it is off.

        Args:
            ids: which examples.
            epoch: counted from 1.
            n_neurons: of the hidden layer.
            share: silenced, by expectation.
            layer: which hidden layer, counted from 1.
        """
        if not share or not self.module.training:
            return None
        key = {"seed": self.settings.seed, "epoch": epoch, "layer": layer}
        if self.device == "cpu":
            return torch.from_numpy(dropout.keep_mask(np.asarray(ids), n_neurons, share, **key))
        on_device = torch.as_tensor(ids, device=self.device)
        return keep_mask_torch(on_device, n_neurons, share, **key)

    def _computing(self) -> AbstractContextManager[None]:
        """This contender's threads, and the same bits every time."""
        return computing(self._threads, strict=self.settings.strict)

    def _held(self) -> list[torch.Tensor]:
        """The weights that learn, where their average answers; else none."""
        return [] if self._average is None else self._average.held

    def _set_rate(self, step: int, steps_per_epoch: int) -> None:
        n_steps = self.settings.epochs * steps_per_epoch
        self.steps_done, self.progress = step, step / n_steps
        n_warmup = min(round(self.settings.warmup_epochs * steps_per_epoch), n_steps // 2)
        fraction = rate_fraction(self.settings.schedule, step, n_steps, n_warmup)
        self._rate = self.settings.learning_rate * fraction
        self.optimizer.rate = self._rate

    def _on_device(self, images: Images) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pixels (uint8), labels and ids, kept on the device from epoch to epoch."""
        if self._resident is None or self._resident[0] is not images:
            held = (
                torch.from_numpy(images.flat).to(self.device),
                torch.from_numpy(images.labels).long().to(self.device),
                torch.from_numpy(images.ids).to(self.device),
            )
            self._resident = images, held
        return self._resident[1]


def clip_gradients(weights: list[nn.Parameter], bound: float) -> None:
    """Scale all gradients in place, so that their norm over all weights is at most ``bound``."""
    if not is_strict():
        nn.utils.clip_grad_norm_(weights, bound)
        return
    gradients = [one.grad for one in weights if one.grad is not None]
    norm = math.sqrt(math.fsum(sum_of_squares(one.numpy()) for one in gradients))
    if norm > bound:
        for one in gradients:
            one.mul_(bound / norm)


def _below(snapshot: State, beginning: str) -> State:
    """The arrays whose names begin so, by the rest of their names."""
    return {
        name.removeprefix(beginning): array
        for name, array in snapshot.items()
        if name.startswith(beginning)
    }
