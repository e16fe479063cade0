"""``diehl-cook``: unsupervised STDP, adaptive thresholds and lateral inhibition."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic
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
from spikeoff.contenders.diehl_cook import files
from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.connections import check_size
from spikeoff.contenders.diehl_cook.engines.batched import PLACES
from spikeoff.contenders.diehl_cook.engines.brian2_engine import Brian2Engine
from spikeoff.contenders.diehl_cook.engines.native import NativeEngine
from spikeoff.contenders.diehl_cook.figures import save_accuracy, save_fields
from spikeoff.contenders.diehl_cook.initial_layers import DEFAULT_SIZE, make_constants, make_layers
from spikeoff.contenders.diehl_cook.layer_lists import layer_list, presented_spikes
from spikeoff.contenders.diehl_cook.network import Constants
from spikeoff.contenders.diehl_cook.network import Layer as Population
from spikeoff.contenders.diehl_cook.readout import VOTES, Readout, read
from spikeoff.contenders.diehl_cook.recent_responses import RUNNING, Running
from spikeoff.contenders.hardware import use_threads
from spikeoff.contenders.layer_list import Layer
from spikeoff.contenders.twins import perceptron_twins
from spikeoff.data import MNIST, Images, ImageSpec
from spikeoff.errors import UserError
from spikeoff.ledger.account import Footprint
from spikeoff.ledger.recording import INPUT, Recording, Synapses
from spikeoff.numerics.mode import in_its_mode

SECONDS_BETWEEN_PICTURES = 1.0

LABELLED = 10_000
"""Training images that label the neurons at least, where there are as many."""

LEARNED_TOGETHER = 5000
"""Images of a stream whose responses are kept at once, one number per neuron and image."""

READING_MS = 10.0
"""Between two readings of an answer on its way."""


class DiehlCook(Contender):
    """The network of Diehl and Cook, which learns without labels.

    Source: P. U. Diehl and M. Cook, "Unsupervised learning of digit recognition using
    spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9:99, 2015.
    """

    id = "diehl-cook"
    title = "Diehl & Cook (STDP)"
    spiking = True
    neuron = "conductance-lif"
    config_type = DiehlCookConfig
    search_space: ClassVar[dict[str, str]] = {
        "nu_post": "log:0.003..0.1",
        "theta_plus": "log:0.02..0.2",
        "weight_sum": "50..120",
        "response_inhibition": "0..1",
        "vote": "class-mean,learned",
    }
    quick: ClassVar[dict[str, Any]] = {"epochs": 1}
    device = "cpu"
    same_on_any_threads = True
    memory_grows_with = "--n_e or --n_train"
    remedy = "lower --nu_post, --theta_plus or --input_intensity"
    outputs = Outputs(
        metrics="training_metrics.csv",
        confusion="confusion_matrix.png",
        analysis="training_analysis.png",
        log="training.log",
    )

    def __init__(self, config: DiehlCookConfig, spec: ImageSpec = MNIST) -> None:
        if config.device not in ("auto", "cpu"):
            raise UserError(f"`device` (={config.device}) must be cpu: diehl-cook runs there alone")
        self.config, self.spec, self.engine = config, spec, config.engine
        self.score_unit = f"{config.tuning.vote} vote"
        self._threads = use_threads(config.num_threads)
        layers, note = make_layers(config, spec.n_pixels)
        self.notes = (note,)
        for layer in layers:
            n_e, n_i = layer.to_inhibitory.shape
            check_size(Path("AiAe.npy"), n_e * n_i)
        self._build(layers)
        self._seen = 0
        self._running = Running(self._width, config.update_interval, spec.n_classes)
        self._readout = Readout(np.zeros((spec.n_classes, self._width)))
        self._labelling: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None
        self._labels_of_labelling = np.zeros(0, np.uint8)
        self._drawn = -math.inf
        if config.resume_from is not None:
            self._resume(config.resume_from)

    @classmethod
    def twins(cls, config: DiehlCookConfig) -> tuple[Twin, ...]:
        """The perceptron with as many hidden neurons as there are excitatory ones.

        Then the bit-matched one, for the steps of one presentation. Of a network that gets its size
        from ``data_path``, none is known.
        """
        if config.data_path is not None and config.n_e is None:
            return ()
        sizes = (config.n_e or DEFAULT_SIZE, config.n_e2)
        hidden = tuple(size for size in sizes if size)
        return perceptron_twins({"hidden": hidden}, round(1000 * config.example_time / config.dt))

    def passes(self, epochs: int, n_images: int) -> range:
        """As many as ``num_examples`` takes, from where the network stands."""
        goal = self.config.num_examples or epochs * n_images
        self._goal = goal
        if self._seen >= goal:
            raise UserError(
                f"`resume_from` (={self._seen}) must be below the {goal} images to train on; "
                "raise --num_examples"
            )
        return range(self._seen // n_images + 1, math.ceil(goal / n_images) + 1)

    @classmethod
    def memory_needed(cls, config: DiehlCookConfig, n_images: int, spec: ImageSpec = MNIST) -> int:
        """Both kinds of connections as they are written, and the responses that label neurons."""
        n_e = config.n_e or DEFAULT_SIZE
        n_i = config.n_i or n_e
        plastic = spec.n_pixels * n_e + n_e * config.n_e2
        fixed = n_e * n_i + config.n_e2**2
        responses = (n_e + config.n_e2) * n_images
        batches = 4 * plastic * PLACES if config.learning == "batched" else 0
        return 48 * plastic + 56 * fixed + 14 * responses + batches + 3 * spec.n_pixels * n_images

    @in_its_mode
    def warm_up(self, images: Images) -> None:
        """Compile the kernels on a copy of the network."""
        copy = self._engine_of(self._constants, self._layers())
        first = images.take(slice(0, 1))
        copy.learn(first, 1)
        copy.respond(first, EVALUATION)
        self.record(first)

    def learn(self, images: Images, epoch: int, start: int = 0) -> Iterator[Step]:
        """One pass in a new order; yields wherever something is due to be kept or reported.

        It goes on after the images that the network has learned from, ``start`` or not.
        """
        del start
        order = np.random.default_rng([self.config.seed, epoch]).permutation(len(images))
        goal = getattr(self, "_goal", epoch * len(images))
        self._labelling = None
        before = (epoch - 1) * len(images)
        while (done := self._seen - before) < min(len(images), goal - before):
            count = min(self._until_due(), len(images) - done, goal - self._seen)
            part = images.take(order[done : done + count])
            self._learn(part, epoch)
            self._seen += count
            yield Step(examples=count, correct=None, loss=None)
        self._readout = self._running.read()

    def learn_part(self, images: Images, number: int) -> None:
        """Learn, then label neurons by the last responses that learning evoked."""
        self._labelling = None
        for first in range(0, len(images), LEARNED_TOGETHER):
            part = images.take(slice(first, first + LEARNED_TOGETHER))
            self._learn(part, number)
        self._seen += len(images)
        self._readout = self._running.read()

    @in_its_mode
    def respond(self, images: Images) -> Response:
        """Spikes that each image evokes from rest, and the digit that they vote for."""
        responses = self._respond(images)
        vote = self._readout.possible(self.config.tuning.vote)  # none is learned on the way
        return Response(self._readout.scores(responses, vote), responses)

    def hidden_activity(self, images: Images) -> NDArray[Any]:
        """[n, neurons] int32 spikes of each excitatory neuron, layer by layer."""
        return self._respond(images)

    @in_its_mode
    def conclude(self, images: Images) -> None:
        """Label neurons anew, and fit the learned vote, by responses of the network as it ended."""
        images = self.scored_training(images)
        responses = self._respond(images)
        self._labelling = (images.ids, responses)
        self._labels_of_labelling = images.labels
        self._readout = read(responses, images.labels, self.spec.n_classes)

    def scored_training(self, images: Images) -> Images:
        """The images that label the neurons: all, or after a short training the first it saw."""
        count = self.config.label_examples or max(LABELLED, self._seen)
        if count >= len(images):
            return images
        order = np.random.default_rng([self.config.seed, 1]).permutation(len(images))
        return images.take(np.sort(order[:count]))

    @in_its_mode
    def record(self, images: Images, every: int | None = None) -> Recording:
        """Spikes of all populations, in every presentation; readings every ``READING_MS``.

        The answer at a reading is by the spikes of the presentation under way. What a vote
        computes is left out, whichever it is: a few numbers per neuron, once per image. Brian2
        gives the same spikes as the native engine in float64, which answers in its place here.
        """
        engine = self._engine
        if not isinstance(engine, NativeEngine):
            engine = self._native(self._constants, self._layers(), np.float64)
        vote = self._readout.possible(self.config.tuning.vote)
        every = every or max(1, round(READING_MS / self._constants.dt))
        return engine.record(
            images, EVALUATION, every, lambda responses: self._readout.scores(responses, vote)
        )

    def synapses(self) -> tuple[Synapses, ...]:
        """Those of each layer, inhibition at its strength in answers."""
        return tuple(self._synapses())

    def _synapses(self) -> Iterator[Synapses]:
        source = INPUT
        for number, layer in enumerate(self._layers(), 1):
            excitatory, inhibitory = f"excitatory {number}", f"inhibitory {number}"
            back = layer.to_excitatory * self.config.tuning.response_inhibition
            for origin, target, weights, learned in (
                (source, excitatory, layer.weights.T, True),
                (source, inhibitory, layer.input_to_inhibitory.T, False),
                (excitatory, inhibitory, layer.to_inhibitory, False),
                (inhibitory, excitatory, back, False),
            ):
                if weights.size:
                    name = f"{origin} to {target}"
                    stored = weights.size if learned else None
                    yield Synapses.of(
                        name, origin, weights, target=target, stored=stored, learned=learned
                    )
            source = excitatory

    def readout_products(self) -> int:
        """A product per neuron and class; with class means, one per class."""
        vote = self._readout.possible(self.config.tuning.vote)
        return len(self._readout.means) if vote == "class-mean" else self._readout.means.size

    def speaks_for(self) -> NDArray[np.int16]:
        """By the labels of the neurons."""
        return self._readout.assigned.astype(np.int16)

    def footprint(self) -> Footprint:
        """Plastic weights and thresholds; delays, fixed weights, and the state of all neurons.

        A neuron's state is v, its conductances, and when it last fired.
        """
        learned = held = 0
        for layer in self._initial:
            n_e, n_i = layer.to_inhibitory.shape
            learned += 4 * layer.weights.size + layer.theta.nbytes
            held += layer.delays.nbytes + layer.input_delays.nbytes
            fixed = (layer.to_inhibitory, layer.to_excitatory, layer.input_to_inhibitory)
            held += 4 * sum(array.size for array in fixed)
            held += 4 * (4 * n_e + 3 * n_i)
        return Footprint(learned, held)

    def parameter_count(self) -> int:
        """Plastic weights and adaptive thresholds."""
        return sum(layer.weights.size + layer.size for layer in self._layers())

    def state(self) -> State:
        """Weights, delays, wiring, thresholds and the readout."""
        state: State = {"means": self._readout.means.copy()}
        if self._readout.coefficients is not None and self._readout.intercepts is not None:
            state |= {
                "coefficients": self._readout.coefficients.copy(),
                "intercepts": self._readout.intercepts.copy(),
            }
        for number, layer in enumerate(self._layers()):
            for name, array in vars(layer).items():
                if array.size:
                    whole = name == "theta" or array.dtype == np.uint8
                    state[f"{name}_{number}"] = array.copy() if whole else array.astype(np.float32)
        return state

    def layer_list(self) -> tuple[Layer, ...]:
        """One presentation, and the vote; ``network_inputs`` has the presentation that stands."""
        vote = self._readout.possible(self.config.tuning.vote)
        return layer_list(
            self._layers(), self._constants, self.config.tuning.response_inhibition, self._readout,
            vote,
        )  # fmt: skip

    @in_its_mode
    def network_inputs(self, images: Images) -> NDArray[np.float32]:
        """[n, steps, pixels] input spikes of the presentation that each image is answered by."""
        _, n_spikes = self._engine.respond(images, EVALUATION)
        config = self.config
        return presented_spikes(
            images, EVALUATION, n_spikes, self._constants, config.input_intensity, config.seed
        )

    def weight_names(self) -> tuple[str, ...]:
        """The plastic weights; inhibition has one strength, and the read-out is no synapse."""
        return tuple(f"weights_{number}" for number in range(len(self._layers())))

    def restore(self, state: State) -> None:
        """Take over what ``state`` returned."""
        self._build(files.layers_of(state))
        coefficients = state.get("coefficients")
        self._readout = Readout(state["means"], coefficients, state.get("intercepts"))
        self._labelling = None

    def snapshot(self) -> State:
        """The state, what the neurons are doing, and the responses on the way."""
        doing = self._engine.snapshot() if isinstance(self._engine, NativeEngine) else {}
        return self.state() | doing | self._running.snapshot() | {"seen": np.array([self._seen])}

    def resume(self, snapshot: State) -> None:
        """Take over what ``snapshot`` returned; Brian2's neurons go on from rest."""
        mine = self.snapshot()
        check_fits(snapshot, {name: mine[name] for name in mine if not name.startswith(RUNNING)})
        self._go_on(snapshot)
        self._seen = int(snapshot["seen"][0])
        if not isinstance(self._engine, NativeEngine):
            self.notes = (*self.notes, "engine brian2 goes on from rest: not bit for bit")

    def epoch_metrics(self) -> dict[str, float]:
        """Mean threshold, and presentations an image where the engine counts them."""
        return {"theta_mean_mv": float(self._engine.theta(0).mean())}

    @in_its_mode
    def keep(self, folder: Path) -> None:
        """Pictures, checkpoints and accuracies, each where it is due."""
        config = self.config
        if self._seen % config.weight_update_interval == 0:
            now = monotonic()
            if now - self._drawn >= SECONDS_BETWEEN_PICTURES:
                self._drawn = now
                save_fields(self._engine.weights(0), folder / "weights.png", self.spec)
        if self._seen % config.update_interval == 0 and self._running.tell(self._seen):
            save_accuracy(self._running.accuracies, folder / "accuracy.png")
        if self._seen % config.save_interval == 0:
            ending = str(self._seen)
            files.write_layers(folder, self._layers(), ending)
            files.write_responses(folder, *self._running.last(config.save_interval), ending)
            files.write_checkpoint(folder, self.snapshot(), self._seen)

    @in_its_mode
    def write_extras(self, folder: Path, images: Images, response: Response) -> None:
        """The final weights, thresholds and responses, under the names of the circulated code."""
        files.write_layers(folder, self._layers(), "")
        save_fields(self._engine.weights(0), folder / "weights.png", self.spec)
        if self._labelling is not None:
            files.write_responses(
                folder, self._labelling[1], self._labels_of_labelling, files.TRAINING
            )
        if response.hidden is not None:
            files.write_responses(folder, response.hidden, images.labels, files.FINAL)
        self._running.tell(self._seen)
        if self._running.accuracies:
            save_accuracy(self._running.accuracies, folder / "accuracy.png")

    @in_its_mode
    def record_extras(self, images: Images, response: Response) -> dict[str, Any]:
        """The accuracy by each vote and while it learned, and how many neurons never fired."""
        votes: dict[str, float] = {}
        for vote in VOTES:
            if response.hidden is not None and self._readout.possible(vote) == vote:
                answers = self._readout.answers(response.hidden, vote)
                votes[vote] = float((answers == images.labels).mean())
        unassigned = int((self._readout.assigned < 0).sum())
        return {
            "votes": {"chosen": self.config.tuning.vote, **votes},
            "unassigned_neurons": unassigned,
            "labelled_by": len(self._labels_of_labelling),
            "learning": self._running.curve,
        }

    @property
    def _width(self) -> int:
        return sum(layer.size for layer in self._initial)

    @in_its_mode
    def _build(self, layers: list[Population]) -> None:
        self._initial = layers
        self._constants = make_constants(self.config, *layers[0].weights.shape)
        self._engine = self._engine_of(self._constants, layers)

    def _engine_of(
        self, constants: Constants, layers: list[Population]
    ) -> NativeEngine | Brian2Engine:
        config = self.config
        if config.engine == "brian2":
            return Brian2Engine(
                constants, layers, intensity=config.input_intensity, seed=config.seed,
                response_inhibition=config.tuning.response_inhibition,
            )  # fmt: skip
        return self._native(constants, layers, np.float32)

    def _native(
        self,
        constants: Constants,
        layers: list[Population],
        dtype: type[np.float32] | type[np.float64],
    ) -> NativeEngine:
        config = self.config
        return NativeEngine(
            constants, layers, dtype=dtype, intensity=config.input_intensity, seed=config.seed,
            num_threads=self._threads, response_inhibition=config.tuning.response_inhibition,
            batch=config.weight_update_interval if config.learning == "batched" else None,
        )  # fmt: skip

    def _layers(self) -> list[Population]:
        """The layers as they stand."""
        engine = self._engine
        return [
            replace(layer, weights=engine.weights(number), theta=engine.theta(number))
            for number, layer in enumerate(self._initial)
        ]

    @in_its_mode
    def _learn(self, images: Images, epoch: int) -> None:
        self._running.add(self._engine.learn(images, epoch), images.labels)

    @in_its_mode
    def _respond(self, images: Images) -> NDArray[np.int32]:
        if self._labelling is not None and np.array_equal(images.ids, self._labelling[0]):
            return self._labelling[1]
        return self._engine.respond(images, EVALUATION)[0]

    def _until_due(self) -> int:
        config = self.config
        intervals = (config.weight_update_interval, config.update_interval, config.save_interval)
        return min(interval - self._seen % interval for interval in intervals)

    def _resume(self, examples: int) -> None:
        folder, state = files.find_checkpoint(self.config, examples)
        sizes = [layer.size for layer in files.layers_of(state)]
        if sizes != [layer.size for layer in self._initial]:
            asked = [layer.size for layer in self._initial]
            raise UserError(
                f"{folder}: the checkpoint has layers of {sizes} neurons, not {asked}; "
                "give its --n_e and --n_e2"
            )
        self._go_on(state)
        self._seen = examples
        self.notes = (f"goes on after {examples} images, from {folder}",)

    def _go_on(self, state: State) -> None:
        """Restore, and let what is fixed keep the digits that a state in single precision lacks."""
        before = self._initial
        self.restore(state)
        layers = [_as_exact(*pair) for pair in zip(self._initial, before, strict=True)]
        self._build(layers)
        if isinstance(self._engine, NativeEngine):
            self._engine.load(state)
        if f"{RUNNING}labels" in state:  # earlier versions kept none
            self._running.load(state)


def _as_exact(layer: Population, exact: Population) -> Population:
    """``layer``, its fixed connections those of ``exact``, where they differ by rounding alone."""
    kept = {}
    for name in ("to_inhibitory", "to_excitatory", "input_to_inhibitory"):
        held, known = getattr(layer, name), getattr(exact, name)
        if np.array_equal(held, known.astype(np.float32)):
            kept[name] = known
    return replace(layer, **kept)
