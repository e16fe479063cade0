"""The interface of a contender, which all networks of the race implement.

A contender learns from images and responds to images. It may learn by gradient over batches, or
online, one example at a time. The run around it (``run.session``) splits the data, measures time,
writes the record, and uses the test images once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.effects import Effect, setting
from spikeoff.contenders.field_checks import check_fields, require
from spikeoff.contenders.layer_list import Layer
from spikeoff.data import EMBEDDED, MNIST, Images, ImageSpec
from spikeoff.data.openml import OPENML_NAMES
from spikeoff.errors import UserError
from spikeoff.ledger.account import Account, Footprint, account_of
from spikeoff.ledger.recording import Recording, Synapses

Device = Literal["auto", "cpu", "cuda", "mps"]
State = dict[str, NDArray[Any]]

__all__ = [
    "MAX_SEED", "Config", "Contender", "Device", "Outputs", "Response", "State", "Step",
    "Twin", "check_fits", "require",
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
    """The settings that every contender has."""

    seed: int = setting(0, Effect.SEED)
    """Random seed of the split, initial weights, order of the images, input spikes and dropout."""
    epochs: int = 30
    """Maximum number of passes over the training images."""
    num_threads: int | None = setting(None, Effect.SPEED)
    """Number of CPU threads; by default OMP_NUM_THREADS, or else all cores."""
    device: Device = setting("auto", Effect.DEVICE)
    """Device to compute on; auto takes a GPU if there is one."""
    mnist_path: str = setting(EMBEDDED, Effect.DATA)
    """Data set: mnist (in the package), mnist_784, fashion-mnist, kuzushiji-mnist, or a path."""
    save_path: Path | None = setting(None, Effect.NONE)
    """Folder of the run; by default a new folder under runs/."""
    n_train: int | None = setting(None, searched=False)
    """Number of training images, a stratified sample; by default all images that are not used for
    validation."""
    n_validation: int | None = setting(None, searched=False)
    """Number of training images held out for validation; by default 5,000, or a tenth where there
    are fewer than 50,000. 0 trains on all images."""
    strict: bool = setting(False, searched=False)
    """Compute such that results have the same bits on every kind of processor: strict mode of the
    spiking networks, on the CPU, with the native engine."""
    tdp: float = setting(160.0, Effect.ESTIMATE)
    """Thermal design power (W) of the hardware, for the energy estimate TDP x time."""
    checkpoint_minutes: float = setting(1.0, Effect.NONE)
    """Minutes between checkpoints, from which --resume continues. Writing takes at most a hundredth
    of the time."""
    checkpoint_examples: int | None = setting(None, Effect.NONE)
    """Images between checkpoints, without a limit on writing time; by default only
    checkpoint_minutes applies."""
    tracker: Literal["tensorboard", "mlflow"] | None = setting(None, Effect.NONE)
    """Write the metrics of each epoch for another program too, on this machine: tensorboard, event
    files in the run's folder; mlflow, a database there, or the one that MLFLOW_TRACKING_URI names
    (extras of the same names)."""
    timing_seconds: float = setting(1.0, Effect.MEASURING)
    """Time (s) to measure latency after training, and the same for throughput; 0 measures none."""
    energy_seconds: float = setting(60.0, Effect.MEASURING)
    """Maximum time (s) to measure energy, if there are sensors; 0 measures none."""

    has_strict: ClassVar[bool] = False
    """Whether the network has a strict mode."""

    def __post_init__(self) -> None:
        check_fields(self)
        require("strict", self.strict, self.has_strict or not self.strict,
                "left out: izhikevich-gradient, izhikevich-sparse, izhikevich-stdp and diehl-cook "
                "have a strict mode, this network has none")  # fmt: skip
        require("device", self.device, not self.strict or self.device in ("auto", "cpu"),
                "cpu: strict mode runs there alone")  # fmt: skip
        require("seed", self.seed, 0 <= self.seed <= MAX_SEED, f"from 0 to {MAX_SEED}")
        require("epochs", self.epochs, self.epochs >= 1, "at least 1")
        threads = self.num_threads
        require("num_threads", threads, threads is None or threads >= 1, "at least 1")
        n_train = self.n_train
        require("n_train", n_train, n_train is None or n_train >= 1, "at least 1")
        n_validation = self.n_validation
        require("n_validation", n_validation, n_validation is None or n_validation >= 0,
                "0 or more")  # fmt: skip
        require("tdp", self.tdp, self.tdp > 0, "above 0 W")
        require("checkpoint_minutes", self.checkpoint_minutes, self.checkpoint_minutes > 0,
                "above 0")  # fmt: skip
        examples = self.checkpoint_examples
        require("checkpoint_examples", examples, examples is None or examples >= 1, "at least 1")
        for name in ("timing_seconds", "energy_seconds"):
            seconds = getattr(self, name)
            require(name, seconds, 0 <= seconds <= MAX_MEASURING, f"from 0 to {MAX_MEASURING} s")
        for name, why in self.unused_settings(vars(self)).items():
            value = getattr(self, name)
            require(name, value, value == getattr(type(self), name),
                    f"left out: {why}, and this has no effect then")  # fmt: skip

    @classmethod
    def unused_settings(cls, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """The settings that have no effect beside the others, and why; they must be the defaults.

        Args:
            settings: by name; those left out have their defaults.
        """
        del settings
        return {}

    def resolved(self) -> Self:
        """This configuration, with all values that follow from other settings filled in."""
        return self

    def moved(self, folder: Path) -> Self:
        """This configuration, with relative paths resolved from ``folder``."""
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
    """The names of a run's files, as in the original scripts."""

    metrics: str
    confusion: str
    analysis: str
    log: str


@dataclass(frozen=True)
class Twin:
    """A conventional network of a spiking network's own topology.

    contender: its name in the registry.
    settings: the settings in which it differs from that contender's defaults.
    """

    contender: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """A part of an epoch, after which the run may measure time or stop.

    examples: number of images in this part.
    correct: number of them that the network classified correctly while learning; None if unknown.
    loss: sum over the images; None for learning rules without a loss.
    """

    examples: int
    correct: int | None
    loss: float | None


@dataclass(frozen=True)
class Response:
    """The answers of a network.

    scores: [n, classes] float32; the class with the highest score is the answer.
    hidden: [n, neurons] spike counts of the hidden neurons, if the answer is computed from them.
    """

    scores: NDArray[np.float32]
    hidden: NDArray[np.int32] | None = None

    @property
    def labels(self) -> NDArray[np.uint8]:
        """The answers, [n] uint8."""
        answers: NDArray[np.uint8] = self.scores.argmax(axis=1).astype(np.uint8)
        return answers

    def accuracy(self, images: Images) -> float | None:
        """Fraction of correct answers; None without images."""
        return float((self.labels == images.labels).mean()) if len(images) else None


class Contender(ABC):
    """One network of the race.

    A subclass has a ``Config`` dataclass, from which its flags come, and takes an instance of it.
    """

    id: ClassVar[str]
    """Its name on the command line."""
    title: ClassVar[str]
    """Its name in figures."""
    spiking: bool
    neuron: str | None = None
    """Neuron model, whose update cost ``neurons.cost`` counts; None for networks without one."""
    outputs: ClassVar[Outputs]
    config_type: ClassVar[type[Config]]
    same_on_any_threads: ClassVar[bool] = False
    """Whether results have the same bits for every number of threads, also without strict mode."""
    quick: ClassVar[dict[str, Any]] = {}
    """Fields that the quick preset changes only for this contender."""
    score_unit: str = "score"
    """What the scores are, in words."""
    search_space: ClassVar[dict[str, str]] = {}
    """Fields that a search varies by default, in the form of --vary."""
    remedy: ClassVar[str] = "lower its learning rate"
    """What to change if training diverges."""
    memory_grows_with: ClassVar[str] = "the size of the network"
    """What to reduce if there is not enough memory."""

    engine: str
    device: str
    spec: ImageSpec
    """Shape and classes of the images."""
    libraries: tuple[str, ...] = ()
    """Libraries that only this contender uses; the record lists their versions."""
    notes: tuple[str, ...] = ()
    """Notes on the set-up of the run, shown when it starts."""
    patience: int | None = None
    """Epochs without a better validation loss (or accuracy) before training stops; None: never."""

    @abstractmethod
    def __init__(self, config: Any, spec: ImageSpec = MNIST) -> None:
        """Construct a network that is ready to learn.

        Args:
            config: settings, of type ``config_type``.
            spec: shape and classes of the images.
        """

    @classmethod
    def twins(cls, config: Any) -> tuple[Twin, ...]:
        """Conventional networks of this network's own topology; by default none are known.

        A race adds them, and compares energy with the first. They have the same layers and widths,
        and, where the network's connections are sparse, the same synapses.

        Args:
            config: settings of this network, of type ``config_type``.
        """
        del config
        return ()

    @abstractmethod
    def learn(self, images: Images, epoch: int, start: int = 0) -> Iterator[Step]:
        """Learn from one pass over ``images``; epochs count from 1.

        A run may stop after any step and continue in another process. The other process first
        calls ``resume``, then calls ``learn`` for the same epoch with ``start``: the number of
        images in the steps so far. If an epoch is a single step, ``start`` is always 0.
        """

    def learn_part(self, images: Images, number: int) -> None:
        """Learn from a part of a stream of images whose end is not known, in the given order.

        For learning rules that see one image at a time. There is no pass and no schedule: learning
        rates stay at their peak. The network can answer behind each part.

        Args:
            images: the part.
            number: of the part, from 1; it decides the random numbers, as an epoch's does.
        """
        raise NotImplementedError(f"{self.id} learns in passes over all images")

    @abstractmethod
    def respond(self, images: Images) -> Response:
        """Answer ``images`` without learning; each image independently of the others.

        Called after every epoch. A learning rule that assigns labels to neurons must assign them
        while it learns, from the training images that it has seen.
        """

    def hidden_activity(self, images: Images) -> NDArray[Any]:
        """[n, hidden neurons] what the hidden neurons send to the read-out for each image.

        Numbers of spikes in a spiking network, activations in a conventional one; of several hidden
        layers, those that the read-out sees.
        """
        raise NotImplementedError(f"{self.id} does not report the activity of its hidden neurons")

    @abstractmethod
    def record(self, images: Images, every: int | None = None) -> Recording:
        """Answer ``images`` again, with exactly the same spikes, and record the activity.

        The ledger derives operations, sparsity, activity and readings from it (``ledger.account``),
        and the raster from recordings of single images (``ledger.raster``).

        Args:
            images: images to answer.
            every: maximum number of steps between readings; the contender decides by default.
        """

    @abstractmethod
    def synapses(self) -> tuple[Synapses, ...]:
        """The synapses between the populations of a recording, starting with the input."""

    def account(self, images: Images, recording: Recording | None = None) -> Account:
        """Operations, sparsity and readings on ``images``, derived by the ledger.

        Args:
            images: images to answer.
            recording: of these images; by default they are recorded.
        """
        recording = self.record(images) if recording is None else recording
        synapses = self.synapses()
        return account_of(recording, synapses, images.labels, self.readout_products())

    def readout_products(self) -> int:
        """Products per image after the last layer, such as those of a learned vote."""
        return 0

    def stored_parameters(self) -> int:
        """Those of the parameters that exist: weights at places without a synapse do not."""
        absent = sum(s.places - s.existing for s in self.synapses() if s.learned)
        return self.parameter_count() - absent

    def speaks_for(self) -> NDArray[np.int16] | None:
        """[hidden neurons] preferred class of each neuron, -1 for none; None if unknown."""
        return None

    def footprint(self) -> Footprint:
        """Bytes that inference needs; by default all of ``state`` counts as learned."""
        return Footprint(sum(array.nbytes for array in self.state().values()), 0)

    @abstractmethod
    def parameter_count(self) -> int:
        """Number of values that learning changes."""

    @abstractmethod
    def state(self) -> State:
        """All learned arrays, by name."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Load what ``state`` returned."""

    def layer_list(self) -> tuple[Layer, ...]:
        """The trained network as a list of layers, from which ONNX and NIR are written.

        It takes what ``network_inputs`` returns and ends in the scores of ``respond``.

        Raises:
            UserError: the network is no such list.
        """
        raise UserError(
            f"{self.id} is no list of layers that this format could hold; choose safetensors"
        )

    def network_inputs(self, images: Images) -> NDArray[np.float32]:
        """What the first layer of ``layer_list`` takes.

        Returns:
            The input spikes [n, steps, pixels]; without such, pixels [n, channels, height, width]
            from 0 to 1.
        """
        spikes = self.input_spikes(images)
        if spikes is not None:
            return spikes.astype(np.float32)
        pixels = images.pixels if images.pixels.ndim == 4 else images.pixels[..., None]
        return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32) / np.float32(255)

    def weight_names(self) -> tuple[str, ...]:
        """The arrays of ``state`` that hold synaptic weights; by default floats of 2 axes or more.

        Rounding weights to fewer bits changes these and leaves biases, thresholds and such alone.
        """
        return tuple(
            name
            for name, array in self.state().items()
            if array.ndim >= 2 and array.dtype.kind == "f"
        )

    def input_spikes(self, images: Images) -> NDArray[np.uint8] | None:
        """[n, steps, pixels] the input spikes with which ``respond`` answers, 1 where one is.

        None where a network has none, or cannot answer others in their place.
        """
        del images
        return None

    def respond_to_spikes(self, images: Images, spikes: NDArray[np.uint8]) -> Response:
        """Answer ``spikes`` [n, steps, pixels] in place of those that ``images`` would evoke.

        The spikes that ``input_spikes`` returns give the scores that ``respond`` gives. A contender
        that implements one of the two methods implements both.
        """
        raise NotImplementedError(f"{self.id} has no input spikes that others could replace")

    def snapshot(self) -> State:
        """Everything that learning needs to continue after a step; by default the state."""
        return self.state()

    def resume(self, snapshot: State) -> None:
        """Continue from ``snapshot``.

        Raises:
            ValueError: the snapshot is not from such a network.
        """
        check_fits(snapshot, self.snapshot())
        self.restore(snapshot)

    @classmethod
    def memory_needed(cls, config: Any, n_images: int, spec: ImageSpec = MNIST) -> int | None:
        """Approximate bytes that a run with ``n_images`` training images needs; None if unknown."""
        del config, n_images, spec
        return None

    def warm_up(self, images: Images) -> None:
        """Compile everything on a few images, before time is measured; learn nothing."""
        del images

    def loss(self, response: Response, images: Images) -> float | None:
        """Mean loss of a response; None for learning rules without a loss."""
        del response, images
        return None

    def conclude(self, images: Images) -> None:
        """Work after the last epoch, such as labelling neurons again with frozen weights."""
        del images

    def scored_training(self, images: Images) -> Images:
        """Those of the training images whose accuracy the record reports; by default all."""
        return images

    def epoch_metrics(self) -> dict[str, float]:
        """Additional columns of the metrics file, after each epoch."""
        return {}

    def passes(self, epochs: int, n_images: int) -> range:
        """The epochs to train, each over ``n_images``; by default those of the configuration."""
        del n_images
        return range(1, epochs + 1)

    def keep(self, folder: Path) -> None:
        """Called after every step; write files that this contender keeps while it learns."""
        del folder

    def record_extras(self, images: Images, response: Response) -> dict[str, Any]:
        """Additional keys of the record, from the responses to the test images."""
        del images, response
        return {}

    def write_extras(self, folder: Path, images: Images, response: Response) -> None:
        """Write additional files of this contender into the folder of the run.

        Args:
            folder: folder of the run.
            images: the test images.
            response: the responses to them.
        """
        del folder, images, response


def threads_may_decide(kind: type[Contender], config: Config) -> bool:
    """Whether results may have other bits with another number of threads."""
    return not (kind.same_on_any_threads or config.strict)
