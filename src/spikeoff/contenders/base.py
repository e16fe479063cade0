"""What a contender is: the one interface behind which all of them race.

A contender learns from images and responds to images. How it learns is its own affair: by
gradient over batches, or online, one example at a time. The run around it (``run.session``)
splits the data, keeps the clock, writes the record and touches the test images, once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.effects import Effect, setting
from spikeoff.contenders.field_checks import check_fields, require
from spikeoff.data import EMBEDDED, MNIST, Images, ImageSpec
from spikeoff.data.openml import OPENML_NAMES
from spikeoff.ledger.account import Account, Footprint, account_of
from spikeoff.ledger.recording import Recording, Synapses

Device = Literal["auto", "cpu", "cuda", "mps"]
State = dict[str, NDArray[Any]]

__all__ = [
    "MAX_SEED", "Config", "Contender", "Device", "Outputs", "Response", "State", "Step",
    "check_fits", "require",
]  # fmt: skip

MAX_SEED = 2**32 - 1
MAX_MEASURING = 3600


def check_fits(snapshot: State, like: State) -> None:
    """Refuse a snapshot that lacks an array of ``like``, or has one of another size or type.

    Raises:
        ValueError: it does.
    """
    for name, array in like.items():
        held = snapshot.get(name)
        if held is None or held.shape != array.shape or held.dtype != array.dtype:
            raise ValueError(f"{name!r} is missing, or of another size")


@dataclass(frozen=True, kw_only=True)
class Config:
    """The part of a configuration that means the same for every contender."""

    seed: int = setting(0, Effect.SEED)
    """Decides split, initial weights, order of the images, input spikes and dropout."""
    epochs: int = 30
    """Passes over the training images, at most."""
    num_threads: int | None = setting(None, Effect.SPEED)
    """CPU threads; all cores by default."""
    device: Device = setting("auto", Effect.DEVICE)
    """Where to compute: a GPU if there is one, or as named."""
    mnist_path: str = setting(EMBEDDED, Effect.DATA)
    """Data: mnist (embedded), mnist_784, fashion-mnist, kuzushiji-mnist, or a file or folder."""
    save_path: Path | None = setting(None, Effect.NONE)
    """Folder of the run; a new one under runs/ by default."""
    n_train: int | None = setting(None, searched=False)
    """Training images to use, a stratified draw; all that are left by default."""
    n_validation: int = setting(5000, searched=False)
    """Training images held out for validation; 0 trains on all of them."""
    tdp: float = setting(160.0, Effect.ESTIMATE)
    """Thermal design power (W) of the hardware, for the estimate TDP x time."""
    checkpoint_minutes: float = setting(1.0, Effect.NONE)
    """Minutes between checkpoints, from which --resume continues; at least a hundred times as long
    as the last checkpoint took to write."""
    checkpoint_examples: int | None = setting(None, Effect.NONE)
    """Images between checkpoints, however long writing takes; by default only minutes count."""
    timing_seconds: float = setting(1.0, Effect.MEASURING)
    """Time (s) to measure latency for after training, and as much for throughput; 0: neither."""
    energy_seconds: float = setting(60.0, Effect.MEASURING)
    """Most time (s) to spend on measuring energy where there are sensors; 0 measures none."""

    def __post_init__(self) -> None:
        check_fields(self)
        require("seed", self.seed, 0 <= self.seed <= MAX_SEED, f"from 0 to {MAX_SEED}")
        require("epochs", self.epochs, self.epochs >= 1, "at least 1")
        threads = self.num_threads
        require("num_threads", threads, threads is None or threads >= 1, "at least 1")
        n_train = self.n_train
        require("n_train", n_train, n_train is None or n_train >= 1, "at least 1")
        require("n_validation", self.n_validation, self.n_validation >= 0, "0 or more")
        require("tdp", self.tdp, self.tdp > 0, "above 0 W")
        require("checkpoint_minutes", self.checkpoint_minutes, self.checkpoint_minutes > 0,
                "above 0")  # fmt: skip
        examples = self.checkpoint_examples
        require("checkpoint_examples", examples, examples is None or examples >= 1, "at least 1")
        for name in ("timing_seconds", "energy_seconds"):
            seconds = getattr(self, name)
            require(name, seconds, 0 <= seconds <= MAX_MEASURING, f"from 0 to {MAX_MEASURING} s")

    def resolved(self) -> Self:
        """This configuration with every value filled in that follows from another setting."""
        return self

    def moved(self, folder: Path) -> Self:
        """This configuration with its relative paths starting from ``folder``."""
        changes: dict[str, Any] = {}
        if self.mnist_path.lower() not in (EMBEDDED, *OPENML_NAMES):
            changes["mnist_path"] = str(folder / self.mnist_path)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Path):
                changes[field.name] = folder / value
        return replace(self, **changes)


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

    scores: [n, classes] float32, the highest is its answer.
    hidden: [n, neurons] spikes of each hidden neuron, where an answer is read from them.
    """

    scores: NDArray[np.float32]
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
    neuron: str | None = None
    """The neuron model, whose update ``neurons.cost`` counts; None where there is none."""
    outputs: ClassVar[Outputs]
    config_type: ClassVar[type[Config]]
    same_on_any_threads: ClassVar[bool] = False
    """Whether results are the same, to the last bit, on every number of threads."""
    quick: ClassVar[dict[str, Any]] = {}
    """Fields that the quick preset changes beyond those that it changes for all."""
    score_unit: str = "score"
    """What its scores are, in words."""
    search_space: ClassVar[dict[str, str]] = {}
    """What a search varies where nothing else is told, in the form of its --vary."""
    remedy: ClassVar[str] = "lower its learning rate"
    """What to change where training diverges."""
    memory_grows_with: ClassVar[str] = "the size of the network"
    """What to lower where memory does not suffice."""

    engine: str
    device: str
    libraries: tuple[str, ...] = ()
    """What it computes with beside what all do; the record tells the versions."""
    notes: tuple[str, ...] = ()
    """What a reader of the run should know about how it was set up; told when it starts."""
    patience: int | None = None
    """Epochs without a better validation loss (or accuracy) before training stops; None: never."""

    @abstractmethod
    def __init__(self, config: Any, spec: ImageSpec = MNIST) -> None:
        """Take a configuration of ``config_type``, and what the images are; be ready to learn."""

    @abstractmethod
    def learn(self, images: Images, epoch: int, start: int = 0) -> Iterator[Step]:
        """Learn from one pass over ``images``; epochs count from 1.

        A run may stop after any step, and go on in another process. That begins with ``resume``
        and asks for the pass again from ``start``: after so many images, the sum of the steps
        that were made. A contender that makes one step of a pass is always asked from 0.
        """

    @abstractmethod
    def respond(self, images: Images) -> Response:
        """Answer ``images`` without learning, each image for itself.

        Called after every epoch: a rule that labels its neurons does so while it learns, from
        what it saw on the way.
        """

    @abstractmethod
    def record(self, images: Images, every: int | None = None) -> Recording:
        """Answer ``images`` once more, to the last spike as before, and record what happens.

        The ledger derives operations, sparsity, activity and readings from it (``ledger.account``),
        and the raster from recordings of single images (``ledger.raster``).

        Args:
            images: what is answered.
            every: steps between readings, at most; the contender's own choice by default.
        """

    @abstractmethod
    def synapses(self) -> tuple[Synapses, ...]:
        """The synapses between the populations of a recording, from the input on."""

    def account(self, images: Images) -> Account:
        """What the network does on ``images``: they are recorded, and the ledger derives it."""
        return account_of(self.record(images), self.synapses(), images.labels)

    def speaks_for(self) -> NDArray[np.int8] | None:
        """[hidden neurons] the class that each speaks for most, -1 for none; None: not known."""
        return None

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

    def snapshot(self) -> State:
        """Everything that learning needs to go on between two steps; by default the state."""
        return self.state()

    def resume(self, snapshot: State) -> None:
        """Go on where ``snapshot`` was taken.

        Raises:
            ValueError: it is not that of such a network.
        """
        check_fits(snapshot, self.snapshot())
        self.restore(snapshot)

    @classmethod
    def memory_needed(cls, config: Any, n_images: int, spec: ImageSpec = MNIST) -> int | None:
        """Bytes that a run takes about, with ``n_images`` to learn from; None: not known."""
        del config, n_images, spec
        return None

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
