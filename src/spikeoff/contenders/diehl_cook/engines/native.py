"""The native engine: the network in the kernels' arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from spikeoff.coding.poisson import Trains
from spikeoff.contenders.base import State, check_fits
from spikeoff.contenders.diehl_cook.engines.batched import BatchLearner
from spikeoff.contenders.diehl_cook.kernels.competing_layer import RECORDED, LayerParams, Physics
from spikeoff.contenders.diehl_cook.kernels.delayed_input import LANES
from spikeoff.contenders.diehl_cook.kernels.digit_loop import (
    ENOUGH_SPIKES,
    MAX_PRESENTATIONS,
    at_rest,
    learn,
    make_layer_scratch,
    make_pending,
    respond,
    watch,
)
from spikeoff.contenders.diehl_cook.kernels.poisson_trains import draw_trains
from spikeoff.contenders.diehl_cook.kernels.presentation import Rule, Schedule, normalise, present
from spikeoff.contenders.diehl_cook.network import Constants, Floats, Layer
from spikeoff.data import Images

NEVER = 1e30
"""Threshold (mV) of neurons that only pad the arrays."""

Count = TypeVar("Count", np.int32, np.int64)

CHUNK = 32
"""Images that one thread answers before it looks for more."""


@dataclass(frozen=True)
class Watched:
    """What images evoke, reading by reading.

    In the first presentation there is one every so many steps and at its end, then one at the end
    of each further presentation.

    steps: [readings] since an image was first shown.
    answers: [n, readings], by the spikes of the presentation under way.
    inputs, excitatory, inhibitory: [readings, neurons] spikes sent up to each reading in all
        presentations, over all images; both layers' side by side.
    presentations: [n] how many each image took.
    """

    steps: NDArray[np.int64]
    answers: NDArray[np.int64]
    inputs: NDArray[np.int64]
    excitatory: NDArray[np.int64]
    inhibitory: NDArray[np.int64]
    presentations: NDArray[np.int64]


class NativeEngine:
    """The network in one precision, at one point of its training."""

    def __init__(
        self,
        constants: Constants,
        layers: Sequence[Layer],
        *,
        dtype: type[np.float32] | type[np.float64] = np.float32,
        intensity: float = 2.0,
        seed: int = 0,
        num_threads: int = 1,
        response_inhibition: float = 1.0,
        batch: int | None = None,
        room: int = 0,
    ) -> None:
        """Take the layers' arrays over, as copies in ``dtype``.

        Args:
            constants: of the network.
            layers: one or two.
            dtype: precision of membranes, conductances and weights.
            intensity: of a first presentation.
            seed: of the input spikes.
            num_threads: threads that answer and learn in batches; learning online takes one.
            response_inhibition: strength of inhibition in answers, against that in training.
            batch: images whose changes are applied together; None for learning online.
            room: spikes of a presentation that ``present`` can return.
        """
        self.constants, self.dtype, self.num_threads = constants, dtype, num_threads
        self._sizes = [layer.size for layer in layers]
        self._n_pixels = layers[0].weights.shape[1]
        missing = Layer(
            np.zeros((0, layers[0].size)), np.zeros((0, layers[0].size), np.uint8),
            np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0),
        )  # fmt: skip
        pair = [*layers, missing][:2]
        sums, gains = [*constants.weight_sums, 0.0][:2], [*constants.gains, 0.0][:2]
        self._wirings = tuple(map(self._wiring, pair, sums, gains))
        self._response_inhibition = dtype(response_inhibition)
        self._physics, self._rule = self._make_physics(), self._make_rule()
        first = layers[0]
        longest = max(int(array.max(initial=0)) for array in (first.delays, first.input_delays))
        self._schedule = Schedule(
            constants.example_steps, constants.example_steps + constants.resting_steps, longest,
            constants.dt, float(intensity), seed,
        )  # fmt: skip
        self._to_inhibitory = self._padded(first.input_to_inhibitory, first.input_delays)
        steps = constants.example_steps + longest
        self._layers = tuple(
            at_rest(wiring, self._physics, n)
            for wiring, n in zip(
                self._wirings, (self._n_pixels, self._wirings[0].theta.size), strict=True
            )
        )
        self._lists = tuple(
            make_layer_scratch(wiring, steps, room, 0, 1) for wiring in self._wirings
        )
        self._pending = make_pending(self._wirings, self._to_inhibitory, self._schedule)
        self._now = 0
        self._batch = batch
        if batch is not None:
            self._batch_learner = BatchLearner(
                self._wirings, self._to_inhibitory, self._schedule, self._rule, self._physics,
                num_threads,
            )  # fmt: skip

    def learn(self, images: Images, epoch: int) -> NDArray[np.int32]:
        """Learn from the images in their order; their responses [n, neurons] int32."""
        responses = np.empty((len(images), self._width), np.int32)
        if self._batch is not None:
            for begin in range(0, len(images), self._batch):
                part = slice(begin, begin + self._batch)
                self._batch_learner.learn(images.take(part), epoch, responses[part])
            return self._unpadded(responses)
        self._now = learn(
            images.flat, images.ids, epoch, self._wirings, self._layers, self._lists,
            self._pending, self._to_inhibitory, self._schedule, self._rule, self._physics,
            self._now, responses,
        )  # fmt: skip
        return self._unpadded(responses)

    def respond(self, images: Images, epoch: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Spikes that the images evoke [n, neurons] int32, and their input spikes [n] int64."""
        responses = np.empty((len(images), self._width), np.int32)
        inputs = np.empty(len(images), np.int64)
        wirings, shown = self._answering()

        def answer(first: int) -> None:
            part = slice(first, first + CHUNK)
            respond(
                images.flat[part], images.ids[part], epoch, wirings, self._to_inhibitory,
                shown, self._rule, self._physics, responses[part], inputs[part],
            )  # fmt: skip

        with ThreadPoolExecutor(self.num_threads) as pool:
            for _ in pool.map(answer, range(0, len(images), CHUNK)):
                pass
        return self._unpadded(responses), inputs

    def show(self, image: Images, epoch: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Spikes of the input [steps, pixels] and of the neurons [steps, neurons], 0 or 1.

        They are those of the presentation that ``respond`` counts.
        """
        wirings, shown = self._answering()
        steps = shown.example_steps
        room = wirings[0].theta.size * (steps // max(1, self._physics.hold) + 2)
        n_inputs = (self._n_pixels, self._wirings[0].theta.size)
        for presentation in range(MAX_PRESENTATIONS):
            trains = draw_trains(
                image.flat[0], steps, shown.intensity + presentation, shown.dt,
                image.ids[0], epoch, presentation, shown.seed,
            )  # fmt: skip
            input_steps = steps + shown.max_delay
            lists = tuple(make_layer_scratch(wiring, input_steps, room, 0, 1) for wiring in wirings)
            layers = tuple(map(at_rest, wirings, (self._physics,) * 2, n_inputs))
            fired = present(
                tuple(trains), wirings, layers, lists, self._pending, self._to_inhibitory,
                shown, self._rule, self._physics, 0, False,
            )  # fmt: skip
            if fired >= ENOUGH_SPIKES:
                break
        pixels, first, times = trains
        inputs = np.zeros((steps, self._n_pixels), np.uint8)
        inputs[times, np.repeat(pixels, np.diff(first))] = 1
        spikes = [np.zeros((steps, size), np.uint8) for size in self._sizes]
        for layer, one in zip(spikes, lists, strict=False):
            at, who = one.raster[: one.counts[RECORDED]].T
            layer[at, who] = 1
        return inputs, np.concatenate(spikes, axis=1)

    def watch(
        self,
        images: Images,
        epoch: int,
        every: int,
        answer: Callable[[NDArray[np.int32]], NDArray[np.int64]],
    ) -> Watched:
        """Answer images as ``respond`` does, the same spikes, with readings on the way.

        Args:
            images: what is answered.
            epoch: whose input spikes.
            every: steps between readings in the first presentation.
            answer: [k] digits for responses [k, neurons].
        """
        wirings, shown = self._answering()
        shown_steps = self.constants.example_steps
        first = math.ceil(shown_steps / every)
        readings = first - 1 + MAX_PRESENTATIONS
        n_i = sum(len(wiring.inhibition) for wiring in wirings)
        answers = np.empty((len(images), readings), np.int64)
        presentations = np.zeros(len(images), np.int64)

        def watch_part(begin: int) -> list[NDArray[np.int64]]:
            part = slice(begin, min(begin + CHUNK, len(images)))
            responses = np.empty((part.stop - begin, readings, self._width), np.int32)
            sums = [np.empty((readings, n), np.int64) for n in (self._n_pixels, self._width, n_i)]
            inputs, sent, sent_i = sums
            watch(
                images.flat[part], images.ids[part], epoch, wirings, self._to_inhibitory, shown,
                self._rule, self._physics, every, responses, inputs, sent, sent_i,
                presentations[part],
            )  # fmt: skip
            used = first - 1 + int(presentations[part].max())
            known = self._unpadded(responses[:, :used].reshape(-1, self._width))
            answers[part, :used] = answer(known).reshape(-1, used)
            answers[part, used:] = answers[part, used - 1 : used]
            return sums

        totals = [np.zeros((readings, n), np.int64) for n in (self._n_pixels, self._width, n_i)]
        with ThreadPoolExecutor(self.num_threads) as pool:
            for sums in pool.map(watch_part, range(0, len(images), CHUNK)):
                for total, added in zip(totals, sums, strict=True):
                    np.add(total, added, out=total)
        used = first - 1 + int(presentations.max(initial=1))
        inputs, excitatory, inhibitory = (total[:used].cumsum(axis=0) for total in totals)
        steps = np.minimum(every * np.arange(1, first + 1), shown_steps)
        further = shown_steps * np.arange(2, used - first + 2)
        return Watched(
            np.concatenate([steps, further]), answers[:, :used], inputs,
            self._unpadded(excitatory), inhibitory, presentations,
        )  # fmt: skip

    def _answering(self) -> tuple[tuple[LayerParams, ...], Schedule]:
        """Wirings with the inhibition of answers, and a schedule without rest."""
        wirings = tuple(
            wiring._replace(inhibition=wiring.inhibition * self._response_inhibition)
            for wiring in self._wirings
        )
        return wirings, self._schedule._replace(total_steps=self.constants.example_steps)

    def present(self, trains: Trains) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Learn from one presentation and its rest; each layer's spikes as steps and neurons."""
        for wiring in self._wirings:
            normalise(wiring, self._rule.w_max)
        present(
            tuple(trains), self._wirings, self._layers, self._lists, self._pending,
            self._to_inhibitory, self._schedule, self._rule, self._physics, self._now, True,
        )  # fmt: skip
        self._now += self._schedule.total_steps
        result = []
        for lists in self._lists[: len(self._sizes)]:
            spikes = lists.raster[: lists.counts[RECORDED]]
            order = np.lexsort((spikes[:, 1], spikes[:, 0]))
            result.append((spikes[order, 0], spikes[order, 1]))
        return result

    def weights(self, layer: int) -> Floats:
        """The plastic weights of a layer, [n_e, n_inputs]."""
        weights: Floats = self._wirings[layer].weights[: self._sizes[layer]].astype(np.float64)
        return weights

    def theta(self, layer: int) -> Floats:
        """The adaptive thresholds of a layer, [n_e] mV."""
        theta: Floats = self._wirings[layer].theta[: self._sizes[layer]].copy()
        return theta

    def snapshot(self) -> State:
        """What the layers are doing, beside what they learned."""
        result: State = {"now": np.array([self._now])}
        for number, (wiring, layer) in enumerate(zip(self._wirings, self._layers, strict=True)):
            result |= {f"{name}_{number}": a.copy() for name, a in layer._asdict().items()}
            result[f"dirty_{number}"] = wiring.dirty.copy()
        return {name: array for name, array in result.items() if array.size}

    def load(self, snapshot: State) -> None:
        """Go on where ``snapshot`` was taken.

        Raises:
            ValueError: it is not that of such a network, or a spike in it is yet to come.
        """
        check_fits(snapshot, self.snapshot())
        now = int(snapshot["now"][0])
        for number, (wiring, layer) in enumerate(zip(self._wirings, self._layers, strict=True)):
            for name, array in [*layer._asdict().items(), ("dirty", wiring.dirty)]:
                if array.size:
                    array[:] = snapshot[f"{name}_{number}"]
                if array.dtype == np.int64 and not (array <= now).all():
                    raise ValueError(f"{name}_{number} is ahead of the step {now}")
        self._now = now

    @property
    def _width(self) -> int:
        return sum(wiring.theta.size for wiring in self._wirings)

    def _unpadded(self, responses: NDArray[Count]) -> NDArray[Count]:
        first = self._wirings[0].theta.size
        starts = (0, first)
        parts = [responses[:, s : s + n] for s, n in zip(starts, self._sizes, strict=False)]
        return np.concatenate(parts, axis=1)

    def _padded(
        self, weights: Floats, delays: NDArray[np.uint8]
    ) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Weights and delays [n, n_inputs] with rows for a multiple of LANES neurons."""
        rows = ((0, -len(weights) % LANES), (0, 0))
        return np.pad(weights, rows).astype(self.dtype), np.pad(delays, rows)

    def _wiring(self, layer: Layer, weight_sum: float, gain: float) -> LayerParams:
        weights, delays = self._padded(layer.weights, layer.delays)
        n = len(weights)
        rows = ((0, n - layer.size), (0, 0))
        neurons, targets = map(np.ascontiguousarray, np.nonzero(layer.to_inhibitory))
        return LayerParams(
            weights=weights,
            delays=delays,
            learned=weights,
            first=np.searchsorted(neurons, np.arange(n + 1)),
            targets=targets,
            strengths=layer.to_inhibitory[neurons, targets].astype(self.dtype),
            inhibition=np.pad(layer.to_excitatory, rows[::-1]).astype(self.dtype),
            theta=np.pad(layer.theta, rows[0], constant_values=NEVER),
            dirty=np.pad(np.ones(layer.size, np.uint8), rows[0]),
            gain=self.dtype(gain),
            weight_sum=float(weight_sum),
        )

    def _make_physics(self) -> Physics:
        constants, number = self.constants, self.dtype
        excitatory, inhibitory = constants.excitatory, constants.inhibitory
        return Physics(
            excitatory=excitatory.constants(constants.dt, number),
            inhibitory=inhibitory.constants(constants.dt, number),
            base=number(excitatory.v_thresh - constants.threshold.offset),
            base_i=number(inhibitory.v_thresh),
            hold=round(excitatory.refractory / constants.dt),
            hold_i=round(inhibitory.refractory / constants.dt),
            theta_plus=constants.threshold.plus,
            theta_decay=math.exp(-constants.dt / constants.threshold.tau),
            quiet=number(64 * np.finfo(number).eps),
            zero=number(0),
        )

    def _make_rule(self) -> Rule:
        stdp, number = self.constants.stdp, self.dtype

        def table(tau: float) -> NDArray[Any]:
            """exp(-t / tau) down to where it is lost in rounding, then 0."""
            n = math.ceil(-math.log(16 * float(np.finfo(number).eps)) * tau / self.constants.dt)
            values = np.exp(-np.arange(n) * self.constants.dt / tau)
            return np.append(values, 0.0).astype(number)

        return Rule(
            pre=table(stdp.tau_pre), post1=table(stdp.tau_post1), post2=table(stdp.tau_post2),
            nu_pre=number(stdp.nu_pre), nu_post=number(stdp.nu_post), w_min=number(0),
            w_max=number(stdp.w_max), zero=number(0), frozen=np.bool_(False),
        )  # fmt: skip
