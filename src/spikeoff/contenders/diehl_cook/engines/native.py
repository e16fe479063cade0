"""The native engine: the network in the kernels' arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from spikeoff.coding.poisson import Trains
from spikeoff.contenders.base import State, check_fits
from spikeoff.contenders.diehl_cook.engines.batched import BatchLearner
from spikeoff.contenders.diehl_cook.kernels.competing_layer import RECORDED, LayerParams, Physics
from spikeoff.contenders.diehl_cook.kernels.delayed_input import LANES
from spikeoff.contenders.diehl_cook.kernels.digit_loop import (
    MAX_PRESENTATIONS,
    at_rest,
    learn,
    make_layer_scratch,
    make_pending,
    respond,
    watch,
)
from spikeoff.contenders.diehl_cook.kernels.presentation import Rule, Schedule, normalise, present
from spikeoff.contenders.diehl_cook.network import Constants, Floats, Layer
from spikeoff.data import Images
from spikeoff.kernels.parts import in_parts
from spikeoff.ledger.recording import INPUT, Recording
from spikeoff.numerics.functions import exp, log

NEVER = 1e30
"""Threshold (mV) of neurons that only pad the arrays."""

Count = TypeVar("Count", np.int32, np.int64)

CHUNK = 32
"""Images that one thread answers before it looks for more."""


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

        def answer(part: slice) -> None:
            respond(
                images.flat[part], images.ids[part], epoch, wirings, self._to_inhibitory,
                shown, self._rule, self._physics, responses[part], inputs[part],
            )  # fmt: skip

        for _ in in_parts(answer, len(images), CHUNK, self.num_threads):
            pass
        return self._unpadded(responses), inputs

    def record(
        self,
        images: Images,
        epoch: int,
        every: int,
        score: Callable[[NDArray[np.int32]], NDArray[np.float32]],
    ) -> Recording:
        """Answer images as ``respond`` does, the same spikes, with readings on the way.

        In the first presentation there is one every so many steps and at its end, then one at
        the end of each further presentation. Answers go by the presentation under way.

        Args:
            images: what is answered.
            epoch: whose input spikes.
            every: steps between readings in the first presentation.
            score: [k, classes] for responses [k, neurons].
        """
        wirings, shown = self._answering()
        shown_steps = self.constants.example_steps
        first = math.ceil(shown_steps / every)
        readings = first - 1 + MAX_PRESENTATIONS
        n_i = sum(len(wiring.inhibition) for wiring in wirings)
        nobody = np.zeros((0, sum(self._sizes)), np.int32)
        scores = np.empty((len(images), readings, score(nobody).shape[1]), np.float32)
        presentations = np.zeros(len(images), np.int64)

        def watch_part(part: slice) -> list[NDArray[np.int64]]:
            responses = np.empty((part.stop - part.start, readings, self._width), np.int32)
            sums = [np.empty((readings, n), np.int64) for n in (self._n_pixels, self._width, n_i)]
            inputs, sent, sent_i = sums
            watch(
                images.flat[part], images.ids[part], epoch, wirings, self._to_inhibitory, shown,
                self._rule, self._physics, every, responses, inputs, sent, sent_i,
                presentations[part],
            )  # fmt: skip
            used = first - 1 + int(presentations[part].max())
            known = self._unpadded(responses[:, :used].reshape(-1, self._width))
            scores[part, :used] = score(known).reshape(len(responses), used, -1)
            scores[part, used:] = scores[part, used - 1 : used]
            return sums

        totals = [np.zeros((readings, n), np.int64) for n in (self._n_pixels, self._width, n_i)]
        for sums in in_parts(watch_part, len(images), CHUNK, self.num_threads):
            for total, added in zip(totals, sums, strict=True):
                np.add(total, added, out=total)
        used = first - 1 + int(presentations.max(initial=1))
        within = np.minimum(every * np.arange(1, first + 1), shown_steps)
        steps = np.concatenate([within, shown_steps * np.arange(2, used - first + 2)])
        inputs, excitatory, inhibitory = (total[:used] for total in totals)
        events = {INPUT: inputs} | self._by_layer(excitatory, inhibitory)
        names = tuple(events)[1:]
        return Recording(
            events, scores[:, :used], steps,
            np.minimum.outer(steps, shown_steps * presentations).sum(axis=1),
            tuple(name for name in names if name.startswith("excitatory")), names,
            dt=self.constants.dt,
        )  # fmt: skip

    def _by_layer(
        self, excitatory: NDArray[np.int64], inhibitory: NDArray[np.int64]
    ) -> dict[str, NDArray[np.int64]]:
        """Counts [readings, neurons] of both layers side by side, by population."""
        result, first_e, first_i = {}, 0, 0
        for number, (size, wiring) in enumerate(zip(self._sizes, self._wirings, strict=False), 1):
            n_e, n_i = wiring.theta.size, len(wiring.inhibition)
            result[f"excitatory {number}"] = excitatory[:, first_e : first_e + size]
            result[f"inhibitory {number}"] = inhibitory[:, first_i : first_i + n_i]
            first_e, first_i = first_e + n_e, first_i + n_i
        return result

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
            theta_decay=exp(-constants.dt / constants.threshold.tau),
            quiet=number(64 * np.finfo(number).eps),
            zero=number(0),
        )

    def _make_rule(self) -> Rule:
        stdp, number = self.constants.stdp, self.dtype

        def table(tau: float) -> NDArray[Any]:
            """exp(-t / tau) down to where it is lost in rounding, then 0."""
            n = math.ceil(-log(16 * float(np.finfo(number).eps)) * tau / self.constants.dt)
            values = exp(-np.arange(n) * self.constants.dt / tau)
            return np.append(values, 0.0).astype(number)

        return Rule(
            pre=table(stdp.tau_pre), post1=table(stdp.tau_post1), post2=table(stdp.tau_post2),
            nu_pre=number(stdp.nu_pre), nu_post=number(stdp.nu_post), w_min=number(0),
            w_max=number(stdp.w_max), zero=number(0), frozen=np.bool_(False),
        )  # fmt: skip
