"""Settings of the Diehl & Cook network: flags of the original script, and open choices."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, Self

from spikeoff.contenders.base import Config, require
from spikeoff.contenders.diehl_cook.connections import MAX_NEURONS
from spikeoff.contenders.diehl_cook.readout import Vote
from spikeoff.contenders.effects import setting
from spikeoff.errors import UserError
from spikeoff.learning.homeostasis import ThresholdParams
from spikeoff.learning.stdp import TripletParams

MAX_DELAY = 10.0
"""The longest delay of an input (ms)."""

Engine = Literal["native", "brian2"]
Learning = Literal["online", "batched"]
Preset = Literal["published", "tuned"]


@dataclass(frozen=True)
class Tuning:
    """The settings in which the presets differ."""

    vote: Vote
    response_inhibition: float
    nu_post: float


PRESETS: dict[Preset, Tuning] = {
    "published": Tuning("class-mean", 1.0, 0.01),
    "tuned": Tuning("learned", 0.2, 0.03),
}


@dataclass(frozen=True, kw_only=True)
class DiehlCookConfig(Config):
    """The Diehl & Cook network: STDP, adaptive thresholds, lateral inhibition."""

    epochs: int = 1
    """Maximum number of passes over the training images."""
    engine: Engine = setting("native", searched=False)
    """native: our kernels; brian2: Brian2's own equations, a few hundred times slower."""
    n_e: int | None = None
    """Number of excitatory neurons; by default the size found in data_path, otherwise 400."""
    n_i: int | None = None
    """Number of inhibitory neurons; by default as many as excitatory neurons."""
    connect_xeai: bool = False
    """Connect the input to inhibitory neurons (XeAi); the published network does not."""
    n_e2: int = 0
    """Number of excitatory neurons in a second layer; 0 for no second layer."""
    example_time: float = 0.35
    """Time for which an image is shown (s)."""
    resting_time: float = 0.15
    """Rest after each image (s); at least the longest input delay, 0.01 s."""
    dt: float = 0.5
    """Time step (ms)."""
    num_examples: int | None = None
    """Total number of training images; a number above the size of the training set means several
    passes; by default, epochs decides."""
    update_interval: int = 30000
    """Number of images after which neurons are labelled again and the accuracy is reported."""
    label_examples: int | None = setting(None, searched=False)
    """Number of training images whose responses label the neurons after training; by default all,
    but after training on fewer those, at least 10,000. The training accuracy is theirs."""
    learning: Learning = "online"
    """online: STDP at every spike, as published; batched: weight_update_interval images are shown
    in parallel with frozen weights, on num_threads threads, and their changes applied together."""
    weight_update_interval: int = 100
    """Number of images after which weights.png is drawn again (at most once per second); also the
    batch size of batched learning."""
    save_interval: int = 5000
    """Number of images between two checkpoints."""
    input_intensity: float = 2.0
    """Spikes per second of a pixel of value 8; each repetition of an image adds 1."""
    weight_sum: float = 78.0
    """Sum of each neuron's input weights after normalisation, for images of 784 pixels;
    proportional to the number of pixels for other images."""
    weight_sum_2: float | None = None
    """The same for the second layer; by default a tenth of the size of the first layer."""
    gain_2: float = 40.0
    """Conductance of a weight of 1 in the second layer."""
    preset: Preset = "published"
    """published: as in the paper; tuned: chosen for accuracy on validation images. The preset sets
    vote, response_inhibition and nu_post if you do not set them."""
    vote: Vote | None = None
    """How spikes become a class: class-mean as published, proportional, or learned by regression
    on training responses. The record reports all three."""
    response_inhibition: float | None = None
    """Strength of inhibition while answering, relative to training; published: 1, tuned: 0.2."""
    nu_post: float | None = None
    """Learning rate at postsynaptic spikes; published: 0.01, tuned: 0.03."""
    nu_pre: float = TripletParams.nu_pre
    """Learning rate at presynaptic spikes."""
    theta_plus: float = ThresholdParams.plus
    """Increase of a neuron's threshold at each of its spikes (mV)."""
    data_path: Path | None = None
    """Folder with initial weights, directly or in its folder random/; without it, weights are
    generated."""
    resume_from: int | None = setting(None, searched=False)
    """Continue from the checkpoint after this number of images, in save_path, data_path or
    ./results."""
    test_mode: bool = setting(False, searched=False)
    """Do not train; answer the test images with the trained weights in save_path or data_path; in
    ./results if no data_path is given."""

    has_strict: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require("engine", self.engine, not self.strict or self.engine == "native",
                "native: Brian2 has no strict mode")  # fmt: skip
        for name in ("n_e", "n_i"):
            n = getattr(self, name)
            require(name, n, n is None or 2 <= n <= MAX_NEURONS, f"from 2 to {MAX_NEURONS}")
        require("n_e2", self.n_e2, self.n_e2 == 0 or 2 <= self.n_e2 <= MAX_NEURONS,
                f"0, or from 2 to {MAX_NEURONS}")  # fmt: skip
        require("dt", self.dt, 0.05 <= self.dt <= 1, "from 0.05 to 1 ms")
        steps = 1000 * self.example_time / self.dt
        require("example_time", self.example_time, 1 <= steps <= 100_000,
                f"from one step to 100,000 steps of {self.dt:g} ms (s)")  # fmt: skip
        require("resting_time", self.resting_time, MAX_DELAY / 1000 <= self.resting_time <= 100,
                f"from the longest delay, {MAX_DELAY / 1000:g}, to 100 s")  # fmt: skip
        for name in ("update_interval", "weight_update_interval", "save_interval"):
            value = getattr(self, name)
            require(name, value, value >= 1, "at least 1")
        require("num_examples", self.num_examples,
                self.num_examples is None or self.num_examples >= 1, "at least 1")  # fmt: skip
        labelled = self.label_examples
        require("label_examples", labelled, labelled is None or labelled >= 1, "at least 1")
        for name in ("input_intensity", "weight_sum", "weight_sum_2", "gain_2"):
            value = getattr(self, name)
            holds = value is None or (math.isfinite(value) and value > 0)
            require(name, value, holds, "above 0")
        for name in ("response_inhibition", "theta_plus", "nu_pre", "nu_post"):
            value = getattr(self, name)
            require(name, value, value is None or 0 <= value < math.inf, "0 or more")
        if self.learning == "batched" and self.engine != "native":
            raise UserError(
                f"`learning` (=batched) is for the native engine alone, not for {self.engine}; "
                "leave one of the two out"
            )
        require("resume_from", self.resume_from,
                self.resume_from is None or self.resume_from >= 1, "at least 1")  # fmt: skip

    @property
    def tuning(self) -> Tuning:
        """The preset's values, or those given instead."""
        preset = asdict(PRESETS[self.preset])
        given = {name: getattr(self, name) for name in preset}
        return Tuning(
            **{name: preset[name] if value is None else value for name, value in given.items()}
        )

    def resolved(self) -> Self:
        """This configuration with the preset's values filled in, as the record reports them."""
        return replace(self, **asdict(self.tuning))
