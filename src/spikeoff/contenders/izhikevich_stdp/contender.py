"""``izhikevich-stdp``: 784 - 512 - 10 Izhikevich neurons that learn by STDP and Hebb alone.

Each image becomes 20 steps of input spikes by rate coding, or by another coding. Hidden neurons
stand in columns on a map of the image. The neurons of a column see the same field and share an
inhibitory pool:

    I_j = gain (sum over inputs of w_ij s_i - mean over the column) - theta_j

Of each column the first neuron to fire in a presentation learns, by the pair rule of STDP over
all pairs of its spikes with its inputs'; its weights are then scaled to length 1. A threshold
rises when its neuron wins the column and falls when another does. No label is seen here.

Output neurons add the hidden spikes up through decaying synapses and share a pool as well. The
label teaches their synapses by what these know of their two ends: hidden spikes times the error
of the output neuron's share of activity (the delta rule, the default), or hidden spikes times the
activity that the label imposes (plain Hebbian learning, ``--readout hebbian``). Nothing goes back
from the output to the hidden layer. The answer is the output neuron that fires most; among
equals the one that received more. With ``--answer sum`` there are no output neurons: what they
would receive is summed, and the largest sum answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeoff.coding import EVALUATION
from spikeoff.contenders.base import (
    Contender,
    Outputs,
    Response,
    State,
    Step,
    Twin,
    check_fits,
)
from spikeoff.contenders.hardware import use_threads
from spikeoff.contenders.izhikevich_stdp.config import IzhikevichSTDPConfig
from spikeoff.contenders.izhikevich_stdp.figures import Watched, save_fields, save_raster
from spikeoff.contenders.izhikevich_stdp.kernels import columns as hidden
from spikeoff.contenders.izhikevich_stdp.kernels import image_loop as kernels
from spikeoff.contenders.izhikevich_stdp.kernels import taught_readout as output
from spikeoff.contenders.izhikevich_stdp.layout import Layout
from spikeoff.contenders.izhikevich_stdp.probe import probe
from spikeoff.contenders.layer_list import (
    Affine,
    ByOrdinal,
    Layer,
    Neurons,
    Pool,
    Scale,
    SpikeCount,
    StepSum,
)
from spikeoff.contenders.twins import perceptron_twins
from spikeoff.data import MNIST, Images, ImageSpec
from spikeoff.errors import UserError
from spikeoff.kernels.events import Events, by_step, from_dense
from spikeoff.kernels.input_coding import input_events
from spikeoff.kernels.jit import threads
from spikeoff.kernels.ordered_sums import sum_along
from spikeoff.kernels.parts import in_parts
from spikeoff.learning.schedule import warmup_cosine
from spikeoff.learning.stdp import PairParams, pair_window
from spikeoff.ledger.account import Footprint
from spikeoff.ledger.recording import INPUT, Recording, Synapses
from spikeoff.neurons.cost import state_bytes
from spikeoff.neurons.izhikevich import PRESETS
from spikeoff.numerics.functions import exp, log, total
from spikeoff.numerics.mode import in_its_mode, strictly

LEARNED_TOGETHER = 250
"""Images between two changes of the learning rates."""

WORD_BYTES = 4

LEAST = 1e-15
"""A weight below this is none: beside the others of its neuron it changes no sum of theirs."""

SHOWN = 3
"""Test images in the raster figure."""


class IzhikevichSTDP(Contender):
    """The Izhikevich network that learns by STDP and Hebb alone."""

    id = "izhikevich-stdp"
    title = "Izhikevich, STDP and Hebb"
    spiking = True
    neuron: str
    engine = "native"
    device = "cpu"
    same_on_any_threads = True
    memory_grows_with = "--n_hidden"
    remedy = "lower --stdp_lr, --hebbian_lr or --theta_plus"
    config_type = IzhikevichSTDPConfig
    search_space: ClassVar[dict[str, str]] = {
        "stdp_lr": "log:0.003..0.03",
        "hebbian_lr": "log:0.002..0.02",
        "theta_plus": "log:0.02..0.15",
        "hidden_gain": "log:25..60",
        "max_rate": "0.3..1.0",
    }
    outputs = Outputs(
        metrics="training_metrics_stdp.csv",
        confusion="confusion_matrix.png",
        analysis="training_analysis.png",
        log="training.log",
    )

    def __init__(self, config: IzhikevichSTDPConfig, spec: ImageSpec = MNIST) -> None:
        if config.device not in ("auto", "cpu"):
            raise UserError(
                f"`device` (={config.device}) must be cpu: izhikevich-stdp runs there alone"
            )
        self.config, self.spec = config, spec
        lasting = config.synapse != "kick"
        self.neuron = f"izhikevich+{config.synapse}" if lasting else "izhikevich"
        self.score_unit = "output spikes" if config.answer == "spikes" else "logit"
        self._threads = use_threads(config.num_threads)
        side = config.side
        self.layout = Layout(side, config.n_hidden // side**2, config.field, spec.shape)
        self.notes = (
            f"{side} x {side} columns of {self.layout.size} neurons, "
            f"each seeing up to {config.field} x {config.field} pixels",
        )
        n = config.n_hidden
        with strictly(config.strict):
            weights = self.layout.initial(config.seed)
        self._build(
            weights,
            np.zeros(n, np.float32),
            np.zeros((n * config.readout_weights, spec.n_classes), np.float32),
        )
        self._training: Images | None = None
        self._sums = np.zeros(kernels.N_SUMS)
        self._answers = np.zeros(spec.n_classes, np.int64)
        self._rate = 1.0

    @classmethod
    def twins(cls, config: IzhikevichSTDPConfig) -> tuple[Twin, ...]:
        """The perceptron with the same synapses; then the bit-matched one."""
        settings: dict[str, Any] = {"hidden": (config.n_hidden,), "synapses": "columns"}
        for name in ("columns", "field"):
            if getattr(config, name) != getattr(IzhikevichSTDPConfig, name):
                settings[name] = getattr(config, name)
        return perceptron_twins(settings, config.n_steps)

    def learn(self, images: Images, epoch: int, start: int = 0) -> Iterator[Step]:
        """One pass in a new order, image by image."""
        order = np.random.default_rng([self.config.seed, epoch]).permutation(len(images))
        if not start:
            self._sums[:] = 0
            self._answers[:] = 0
        for first in range(start, len(order), LEARNED_TOGETHER):
            part = images.take(order[first : first + LEARNED_TOGETHER])
            self._set_rate((epoch - 1) * len(images) + first, len(images))
            before = self._sums.copy()
            self._learn(part, epoch)
            right, loss = (self._sums - before)[[kernels.CORRECT, kernels.LOSS]]
            yield Step(len(part), round(right), float(loss))
        self._sums /= max(1, len(images))

    def learn_part(self, images: Images, number: int) -> None:
        """Learn at the peak learning rates."""
        self._rate = 1.0
        self._learn(images, number)

    def respond(self, images: Images) -> Response:
        """Answer each image from rest."""
        return Response(self._respond(images, keep=False)[0])

    def hidden_activity(self, images: Images) -> NDArray[Any]:
        """[n, neurons] int32 spikes of each hidden neuron."""
        return self._respond(images, keep=True)[1]

    def input_spikes(self, images: Images) -> NDArray[np.uint8]:
        """The input spikes of the images."""
        return self.config.input_coding().spikes(images, EVALUATION)

    @in_its_mode
    def respond_to_spikes(self, images: Images, spikes: NDArray[np.uint8]) -> Response:
        """Answer the given spikes from rest."""

        def given(part: slice) -> Events:
            return from_dense(spikes[part].reshape(-1, spikes.shape[2]))

        return Response(self._answer(len(images), given, keep=False)[0])

    @in_its_mode
    def loss(self, response: Response, images: Images) -> float | None:
        """Mean cross-entropy of the output spikes, or of the sums' scores, as in training."""
        if not len(images):
            return None
        logits = response.scores.astype(np.float64)
        if self.config.answer == "spikes":
            logits = np.floor(logits)
        logits -= logits.max(axis=1, keepdims=True)
        right = logits[np.arange(len(images)), images.labels]
        return total(log(sum_along(exp(logits), axis=1)) - right) / len(images)

    @classmethod
    def memory_needed(
        cls, config: IzhikevichSTDPConfig, n_images: int, spec: ImageSpec = MNIST
    ) -> int:
        """Weights as they are drawn, twice, and the hidden responses that the probe is given.

        Rows of the readout are padded to 16 places, and held twice.
        """
        n, steps, pixels = config.n_hidden, config.n_steps, spec.n_pixels
        spikes = 4 * LEARNED_TOGETHER * steps * pixels
        readout = 128 * n * config.readout_weights
        return 48 * pixels * n + readout + 16 * n * n_images + spikes + 3 * pixels * n_images

    def warm_up(self, images: Images) -> None:
        """Compile the kernels on a copy of the network."""
        copy = IzhikevichSTDP(self.config, self.spec)
        list(copy.learn(images, 1))
        copy.respond(images)
        copy.record(images)

    def conclude(self, images: Images) -> None:
        """Keep the training images for the linear probe."""
        self._training = images

    def record(self, images: Images, every: int | None = None) -> Recording:
        """Spikes of all layers, with a reading after every step.

        A reading's answer is by what the outputs have fired and received by then.
        """
        del every
        return self._record(images)

    def synapses(self) -> tuple[Synapses, ...]:
        """Fields and read-out; what learning brought to 0 is met by nothing.

        Thresholds are subtracted from the currents of hidden neurons, as a bias is.
        """
        state, existing = self.state(), int(self.layout.mask().sum())
        return (
            Synapses.of(
                "input to hidden", INPUT, state["hidden"], stored=existing,
                biases=self.config.n_hidden,
            ),
            self._readout_synapses(state["output"]),
        )  # fmt: skip

    def _readout_synapses(self, weights: NDArray[np.float32]) -> Synapses:
        """A spike meets one weight of each synapse; one that is 0 counts unless all of it are."""
        shape = self.config.n_hidden, self.config.readout_weights, self.spec.n_classes
        met = abs(weights).reshape(shape).max(axis=1)
        one = Synapses.of("hidden to output", "hidden", met, stored=weights.size)
        return replace(one, places=weights.size, nonzero=int(np.count_nonzero(weights)))

    def layer_list(self) -> tuple[Layer, ...]:
        """Columns with shared inhibition, then output neurons with the same, or sums."""
        state, config = self.state(), self.config
        columns: tuple[Layer, ...] = (
            Affine(state["hidden"]),
            Pool(self.layout.size),
            Scale(config.hidden_gain),
            Neurons(
                PRESETS[config.hidden],
                config.dt,
                float(self._network.columns.decay),
                bias=-state["theta"],
            ),
            *([ByOrdinal(config.readout_weights)] if config.readout_weights > 1 else []),
            Affine(state["output"]),
        )
        if config.answer == "sum":
            return (*columns, StepSum(np.ones(config.n_steps, np.float32), config.slope))
        return (
            *columns,
            Pool(self.spec.n_classes),
            Scale(config.output_gain),
            Neurons(
                PRESETS[config.output], config.dt, float(self._network.readout.decay),
                config.output_bias,
            ),
            SpikeCount(share_slope=config.slope),
        )  # fmt: skip

    def speaks_for(self) -> NDArray[np.int16]:
        """By the largest weight on to an output neuron; of several per synapse, by their sum."""
        shape = self.config.n_hidden, self.config.readout_weights, self.spec.n_classes
        sums = self.state()["output"].reshape(shape).sum(axis=1)
        classes: NDArray[np.int16] = sums.argmax(axis=1).astype(np.int16)
        return classes

    def footprint(self) -> Footprint:
        """Weights, places without a synapse included, and thresholds; the state of all neurons.

        An output neuron has a synaptic current beside the two variables of every neuron, and so
        does a hidden one whose current lasts. Without output neurons there is a sum per class. If
        the weight depends on how many spikes a hidden neuron has sent, it has to count them.
        """
        learned = sum(array.nbytes for array in self.state().values())
        n, n_classes = self.config.n_hidden, self.spec.n_classes
        output = WORD_BYTES * n_classes
        if self.config.answer == "spikes":
            output += state_bytes("izhikevich", n_classes)
        counters = WORD_BYTES * n if self.config.readout_weights > 1 else 0
        return Footprint(learned, state_bytes(self.neuron, n) + counters + output)

    def parameter_count(self) -> int:
        """Both weight matrices, places without a synapse included, and the thresholds."""
        n = self.config.n_hidden
        readout = n * self.config.readout_weights * self.spec.n_classes
        return self.spec.n_pixels * n + n + readout

    def state(self) -> State:
        """Weights [pixels, n] and [n * readout_weights, classes], thresholds [n]."""
        columns, readout = self._network.columns, self._network.readout
        return {
            "hidden": self.layout.by_neuron(columns.weights).copy(),
            "theta": columns.theta.ravel().copy(),
            "output": readout.weights[:, : self.spec.n_classes].copy(),
        }

    def restore(self, state: State) -> None:
        """Take over what ``state`` returned."""
        self._build(state["hidden"], state["theta"], state["output"])

    def snapshot(self) -> State:
        """The state, and what the pass under way has summed up."""
        return self.state() | {"sums": self._sums.copy(), "answers": self._answers.copy()}

    def resume(self, snapshot: State) -> None:
        """Take over what ``snapshot`` returned."""
        check_fits(snapshot, self.snapshot())
        self.restore(snapshot)
        self._sums[:], self._answers[:] = snapshot["sums"], snapshot["answers"]

    def epoch_metrics(self) -> dict[str, float]:
        """Currents, variances, answers per class, changes of the weights.

        Without output neurons, their current is the sum of weights that they would receive.
        """
        state, sums = self.state(), self._sums
        return {
            "hidden_current": float(sums[kernels.HIDDEN_CURRENT]),
            "output_current": float(sums[kernels.OUTPUT_CURRENT]),
            "hidden_weight_variance": float(state["hidden"][self.layout.mask()].var()),
            "output_weight_variance": float(state["output"].var()),
            "stdp_change": float(sums[kernels.STDP_CHANGE]),
            "hebbian_change": float(sums[kernels.HEBBIAN_CHANGE]),
            "theta_mean": float(state["theta"].mean()),
            **{f"answers_{digit}": float(n) for digit, n in enumerate(self._answers)},
        }

    def write_extras(self, folder: Path, images: Images, response: Response) -> None:
        """Receptive fields, and what happens inside for a few test images."""
        del response
        save_fields(self.layout, self.state()["hidden"], folder / "receptive_fields.png")
        chosen = images.take(slice(0, SHOWN))
        save_raster([self._watch(chosen.take(slice(k, k + 1))) for k in range(len(chosen))],
                    self.layout, folder / "spike_raster.png")  # fmt: skip

    def record_extras(self, images: Images, response: Response) -> dict[str, Any]:
        """The linear probe beside the native readout, and how much of the matrix is synapses."""
        extras: dict[str, Any] = {"synapses": float(self.layout.mask().mean())}
        if self._training is not None:
            train, test = (self._respond(part, keep=True)[1] for part in (self._training, images))
            found = probe(train, self._training.labels, test, images.labels, threads=self._threads)
            native = response.accuracy(images)
            extras["linear_probe"] = {"test": found, "native_readout": native}
        return extras

    @in_its_mode
    def _build(
        self,
        weights: NDArray[np.float32],
        theta: NDArray[np.float32],
        answers: NDArray[np.float32],
    ) -> None:
        config, layout, number = self.config, self.layout, np.float32
        fields = layout.fields()
        n_classes = self.spec.n_classes
        places = math.ceil(n_classes / output.LANES) * output.LANES
        padded = np.zeros((len(answers), places), np.float32)
        padded[:, :n_classes] = answers
        self._network = kernels.Network(
            hidden.Columns(
                layout.by_band(weights), theta.reshape(layout.side, -1).copy(), layout.seen(),
                fields, (fields >= 0).sum(axis=1), layout.size, number(1 / layout.size),
                number(config.hidden_gain), number(config.decay()),
            ),
            output.Readout(
                padded, config.readout_weights, n_classes, number(config.output_gain),
                number(config.output_bias), number(exp(-config.dt / config.output_tau)),
                number(1 / n_classes), number(config.slope), config.answer == "spikes",
            ),
            PRESETS[config.hidden].constants(config.dt, number),
            PRESETS[config.output].constants(config.dt, number),
            number(config.dt),
        )  # fmt: skip
        self._rule = pair_rule(config, fields.shape[1])

    @in_its_mode
    def _set_rate(self, seen: int, n_images: int) -> None:
        """Set the learning rates after ``seen`` images of training, for passes of ``n_images``."""
        self._rate = warmup_cosine(seen, self.config.epochs * n_images, 0)

    @in_its_mode
    def _learn(self, images: Images, epoch: int) -> None:
        config, number = self.config, np.float32
        events = input_events(config.input_coding(), images, epoch)
        rates = kernels.Rates(
            number(self._rate * config.stdp_lr), number(self._rate * config.hebbian_lr),
            number(self._rate * config.theta_plus), config.readout == "delta",
            number(config.hebbian_length),
        )  # fmt: skip
        kernels.learn_images(
            events.counts, events.active, images.labels.astype(np.int64), self._network,
            self._rule, rates, self._sums, self._answers,
        )  # fmt: skip

    @in_its_mode
    def _respond(
        self, images: Images, *, keep: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Scores, and [n, neurons] spikes of the hidden neurons if kept."""
        return self._answer(len(images), self._drawn(images), keep=keep)

    def _drawn(self, images: Images) -> Callable[[slice], Events]:
        """The input spikes of a part of the images."""
        coding = self.config.input_coding()
        return lambda part: input_events(coding, images.take(part), EVALUATION)

    def _answer(
        self, n: int, events_of: Callable[[slice], Events], *, keep: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """What ``_respond`` returns for n images whose input spikes are ``events_of(part)``."""
        scores = np.zeros((n, self.spec.n_classes), np.float32)
        spikes = np.zeros(n, np.int64)
        kept = np.zeros((n if keep else 0, self.layout.side, self.layout.width), np.int32)

        def answer(part: slice) -> None:
            events = events_of(part)
            kernels.answer_images(
                events.counts, events.active, self._network, scores[part], spikes[part], kept[part]
            )

        for _ in in_parts(answer, n, kernels.PART, threads()):
            pass
        return scores, kept.reshape(len(kept), self.config.n_hidden)

    @in_its_mode
    def _record(self, images: Images) -> Recording:
        n, n_steps, layout = len(images), self.config.n_steps, self.layout
        scores = np.zeros((n, n_steps, self.spec.n_classes), np.float32)
        drawn = self._drawn(images)

        def watch(part: slice) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            events = drawn(part)
            spikes = np.empty((layout.side, n_steps, layout.width), np.int64)
            kernels.watch_images(events.counts, events.active, self._network, scores[part], spikes)
            return by_step(events, n_steps), spikes

        inputs = np.zeros((n_steps, self.spec.n_pixels), np.int64)
        spikes = np.zeros((layout.side, n_steps, layout.width), np.int64)
        for received, sent in in_parts(watch, n, kernels.PART, threads()):
            inputs += received
            spikes += sent
        steps = np.arange(1, n_steps + 1)
        events_of = {
            INPUT: inputs,
            "hidden": spikes.transpose(1, 0, 2).reshape(n_steps, -1),
        }
        updated: tuple[str, ...] = ("hidden",)
        if self.config.answer == "spikes":
            fired = np.floor(scores).sum(axis=0, dtype=np.float64).astype(np.int64)
            events_of["output"] = np.diff(fired, axis=0, prepend=0)
            updated = ("hidden", "output")
        return Recording(
            events_of, scores, steps, n * steps, ("hidden",), updated, dt=self.config.dt
        )

    @in_its_mode
    def _watch(self, image: Images) -> Watched:
        """Everything that one image evokes."""
        config, network = self.config, self._network
        events = input_events(config.input_coding(), image, EVALUATION)
        trace = hidden.scratch(network.columns, config.n_steps)
        out = output.blank(network.readout, config.n_steps)
        hidden.present(
            events.counts, events.active, network.columns, network.hidden, network.dt, trace
        )
        output.answer(trace.spikes, trace.counts, network.readout, network.output, network.dt, out)
        by_step = (config.n_steps, config.n_hidden)
        spiking = config.answer == "spikes"
        scores = out.counts + 0.5 * out.shares if spiking else out.received
        best = int(scores[: self.spec.n_classes].argmax())
        traces = out.reached if spiking else config.slope * out.current.cumsum(axis=0)
        return Watched(
            pixels=image.pixels[0],
            label=self.spec.classes[image.labels[0]],
            inputs=events.dense(),
            spikes=trace.spikes.transpose(1, 0, 2).reshape(by_step),
            potentials=trace.reached.transpose(1, 0, 2).reshape(by_step),
            outputs=traces[:, : self.spec.n_classes],
            has_outputs=spiking,
            answer=self.spec.classes[best],
            best=best,
            dt=config.dt,
        )


def pair_rule(config: IzhikevichSTDPConfig, longest: int) -> hidden.PairRule:
    """STDP's window over all lags, for fields of up to ``longest`` pixels."""
    n = config.n_steps
    params = PairParams(config.a_plus, config.a_minus, config.tau_plus, config.tau_minus)
    lags = config.dt * np.arange(n - 1, -n, -1)
    return hidden.pair_rule(pair_window(lags, params).astype(np.float32), longest, LEAST)
