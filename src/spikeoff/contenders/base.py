"""What a contender is: the one interface behind which all of them race.

A contender learns from images and responds to images. How it learns is its own affair: by
gradient over batches, or online, one example at a time. The run around it (``training.session``)
splits the data, keeps the clock, writes the record and touches the test images, once.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from spikeoff.data import EMBEDDED, Images
from spikeoff.errors import UserError
from spikeoff.ledger.account import Account, Footprint, Sparsity
from spikeoff.ledger.operations import Activity, Neuron, Operations

Device = Literal["auto", "cpu", "cuda", "mps"]
State = dict[str, NDArray[Any]]

MAX_SEED = 2**32 - 1
MAX_MEASURING = 3600


def require(name: str, value: object, holds: bool, rule: str) -> None:
    """Refuse a configuration value, with its name and the rule it breaks."""
    if not holds:
        raise UserError(f"`{name}` (={value}) must be {rule}")


@dataclass(frozen=True, kw_only=True)
class Config:
    """The part of a configuration that means the same for every contender."""

    seed: int = 0
    """Decides split, initial weights, order of the images, input spikes and dropout."""
    epochs: int = 30
    """Passes over the training images, at most."""
    num_threads: int | None = None
    """CPU threads; all cores by default."""
    device: Device = "auto"
    """Where to compute: a GPU if there is one, or as named."""
    mnist_path: str = EMBEDDED
    """Data: mnist (embedded), mnist_784, fashion-mnist, kuzushiji-mnist, or a file or folder."""
    save_path: Path | None = None
    """Folder of the run; a new one under runs/ by default."""
    n_train: int | None = None
    """Training images to use, a stratified draw; all that are left by default."""
    n_validation: int = 5000
    """Images held out of the training part to steer by; 0 trains on all of it."""
    tdp: float = 160.0
    """Thermal design power (W) of the hardware, for the estimate TDP x time."""
    timing_seconds: float = 1.0
    """Time (s) to measure latency for after training, and as much for throughput; 0: neither."""
    energy_seconds: float = 60.0
    """Most time (s) to spend on measuring energy where there are sensors; 0 measures none."""

    def __post_init__(self) -> None:
        require("seed", self.seed, 0 <= self.seed <= MAX_SEED, f"from 0 to {MAX_SEED}")
        require("epochs", self.epochs, self.epochs >= 1, "at least 1")
        threads = self.num_threads
        require("num_threads", threads, threads is None or threads >= 1, "at least 1")
        n_train = self.n_train
        require("n_train", n_train, n_train is None or n_train >= 1, "at least 1")
        require("n_validation", self.n_validation, self.n_validation >= 0, "0 or more")
        require("tdp", self.tdp, math.isfinite(self.tdp) and self.tdp > 0, "above 0 W")
        for name in ("timing_seconds", "energy_seconds"):
            seconds = getattr(self, name)
            require(name, seconds, 0 <= seconds <= MAX_MEASURING, f"from 0 to {MAX_MEASURING} s")


@dataclass(frozen=True)
class Outputs:
    """The names of a run's files, as the seed scripts call them."""

    metrics: str
    confusion: str
    analysis: str
    log: str


@dataclass(frozen=True)
class Step:
    """A stretch of learning after which the run may look at the clock, or stop.

    examples: images learned from.
    correct: how many of them the network had right on the way; None where that is not known.
    loss: summed over the images; None for rules that have none.
    """

    examples: int
    correct: int | None
    loss: float | None


@dataclass(frozen=True)
class Response:
    """What a network answered.

    scores: [n, 10] float32, the highest is its answer.
    activity: how busy it was.
    hidden: [n, neurons] spikes of each hidden neuron, where an answer is read from them.
    """

    scores: NDArray[np.float32]
    activity: Activity
    hidden: NDArray[np.int32] | None = None

    @property
    def labels(self) -> NDArray[np.uint8]:
        """The answers, [n] uint8."""
        answers: NDArray[np.uint8] = self.scores.argmax(axis=1).astype(np.uint8)
        return answers

    def accuracy(self, images: Images) -> float | None:
        """Fraction of right answers; None without images."""
        return float((self.labels == images.labels).mean()) if len(images) else None


class Contender(ABC):
    """One network of the race.

    A subclass has a ``Config`` dataclass, from which its flags come, and takes an instance of it.
    """

    id: ClassVar[str]
    """Its name on the command line."""
    title: ClassVar[str]
    """Its name in figures."""
    spiking: ClassVar[bool]
    neuron: ClassVar[Neuron | None] = None
    """Whose update counts as a membrane update; None where there is none, or it is another."""
    outputs: ClassVar[Outputs]
    config_type: ClassVar[type[Config]]
    quick: ClassVar[dict[str, Any]] = {}
    """Fields that the quick preset changes beyond those that it changes for all."""

    engine: str
    device: str
    notes: tuple[str, ...] = ()
    """What a reader of the run should know about how it was set up; told when it starts."""
    patience: int | None = None
    """Epochs without a better validation loss (or accuracy) before training stops; None: never."""

    @abstractmethod
    def __init__(self, config: Any) -> None:
        """Take a configuration of ``config_type`` and be ready to learn."""

    @abstractmethod
    def learn(self, images: Images, epoch: int) -> Iterator[Step]:
        """Learn from one pass over ``images``; epochs count from 1."""

    @abstractmethod
    def respond(self, images: Images) -> Response:
        """Answer ``images`` without learning, each image for itself.

        Called after every epoch: a rule that labels its neurons does so while it learns, from
        what it saw on the way.
        """

    @abstractmethod
    def operations(self, activity: Activity, images: Images) -> Operations:
        """Operations an inference, counted on ``images``; ``activity`` is their response's."""

    def account(self, activity: Activity, images: Images) -> Account:
        """What the network does on ``images``, by layer and step as far as it tells.

        It may answer them again, in the same way to the last spike; ``activity`` is the response's.
        """
        return Account(self.operations(activity, images), Sparsity(None, 1 - activity.hidden_rate))

    def footprint(self) -> Footprint:
        """Bytes that an inference holds; all of ``state`` counts as learned by default."""
        return Footprint(sum(array.nbytes for array in self.state().values()), 0)

    @abstractmethod
    def parameter_count(self) -> int:
        """Numbers that learning changes."""

    @abstractmethod
    def state(self) -> State:
        """Everything that was learned, by name."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Take over what ``state`` returned."""

    def warm_up(self, images: Images) -> None:
        """Compile what must be compiled, on a few images, before any clock runs; learn nothing."""
        del images

    def loss(self, response: Response, images: Images) -> float | None:
        """Mean loss of a response; None for rules that have none."""
        del response, images
        return None

    def conclude(self, images: Images) -> None:
        """What follows the last epoch, such as labelling neurons anew with frozen weights."""
        del images

    def epoch_metrics(self) -> dict[str, float]:
        """Further columns of the metrics file, after each epoch."""
        return {}

    def passes(self, epochs: int, n_images: int) -> range:
        """The epochs to go, each over ``n_images``; those of the configuration by default."""
        del n_images
        return range(1, epochs + 1)

    def keep(self, folder: Path) -> None:
        """Called after every step: write what this contender keeps while it learns."""
        del folder

    def record_extras(self, images: Images, response: Response) -> dict[str, Any]:
        """Further keys of the record, from what the test images evoked."""
        del images, response
        return {}

    def write_extras(self, folder: Path, images: Images, response: Response) -> None:
        """Write files that only this contender has into the run's folder.

        Args:
            folder: of the run.
            images: the test images.
            response: what they evoked.
        """
        del folder, images, response
