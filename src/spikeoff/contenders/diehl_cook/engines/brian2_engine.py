"""The network in Brian2's own equations: the reference that the native engine is held to.

Brian2 takes the differential equations and what a spike does as text, and settles by itself in
which order a step goes: neurons, thresholds, synapses (presynaptic before postsynaptic effects),
resets. Potentials are in mV, without Brian2's units; times have them.

Source: M. Stimberg, R. Brette and D. F. M. Goodman, "Brian 2, an intuitive and efficient neural
simulator", eLife 8:e47314, 2019.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spikeoff.coding.poisson import Trains, poisson_trains
from spikeoff.contenders.diehl_cook.kernels.digit_loop import ENOUGH_SPIKES, MAX_PRESENTATIONS
from spikeoff.contenders.diehl_cook.network import Constants, Floats, Layer
from spikeoff.data import Images
from spikeoff.errors import UserError
from spikeoff.learning.homeostasis import normalising_factor
from spikeoff.neurons.conductance_lif import LIFParams

MEMBRANE = """
dv/dt = ((v_rest - v) + ge*(e_exc - v) + gi*(e_inh - v))/tau_mem : 1 (unless refractory)
dge/dt = -ge/tau_ge : 1
dgi/dt = -gi/tau_gi : 1
"""

ADAPTATION = """
dtheta/dt = -plastic*theta/tau : 1
plastic : 1 (shared)
"""

PLASTICITY = """
w : 1
dpre_trace/dt = -pre_trace/tau_pre : 1 (event-driven)
dpost1/dt = -post1/tau_post1 : 1 (event-driven)
dpost2/dt = -post2/tau_post2 : 1 (event-driven)
depression : 1 (shared)
potentiation : 1 (shared)
w_top : 1 (shared)
"""

ON_ARRIVAL = """
ge_post += gain*w
pre_trace = 1
w = clip(w - depression*post1, 0, w_top)
"""

ON_SPIKE = """
w = clip(w + potentiation*pre_trace*post2, 0, w_top)
post1 = 1
post2 = 1
"""

UNBOUNDED = 1e30
"""No bound on weights, in a number: Brian2 compiles with -ffast-math, which knows no infinity."""


class Brian2Engine:
    """The network in float64, at one point of its training.

    Objects have fixed names, so that Brian2 compiles the same equations only once and for all.
    """

    def __init__(
        self,
        constants: Constants,
        layers: Sequence[Layer],
        codegen: Literal["cython", "numpy"] = "cython",
        *,
        intensity: float = 2.0,
        seed: int = 0,
        response_inhibition: float = 1.0,
    ) -> None:
        """Build the network.

        Args:
            constants: of the network.
            layers: one or two; the second's input is the first's excitatory spikes.
            codegen: what Brian2 makes code for; cython needs a C++ compiler.
            intensity: of a first presentation.
            seed: of the input spikes.
            response_inhibition: strength of inhibition in answers, against that in training.
        """
        self._brian2, self._codegen = import_brian2(), codegen
        self._constants, self._step, self._layers = constants, 0, layers
        self._intensity, self._seed = intensity, seed
        self._response_inhibition = response_inhibition
        b, dt = self._brian2, constants.dt * self._brian2.ms
        self._clock = b.Clock(dt, name="steps")
        self._excitatory: list[Any] = []
        self._populations: list[Any] = []
        self._plastic: list[Any] = []
        self._monitors: list[Any] = []
        nobody = (np.zeros(0, np.int32), np.zeros(0) * b.ms)
        self._input = b.SpikeGeneratorGroup(
            layers[0].weights.shape[1], *nobody, clock=self._clock, name="input"
        )
        self._network = b.Network(self._input)
        with self._target():
            source = self._input
            for number, layer in enumerate(layers):
                source = self._add_layer(number, layer, source)

    def present(
        self, trains: Trains, learn: bool = True
    ) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """One presentation and its rest; each layer's excitatory spikes as steps and neurons.

        With ``learn``, weights are normalised before. Without, weights and thresholds stay as they
        are; the traces of the spikes go on.
        """
        b, constants = self._brian2, self._constants
        n_steps = constants.example_steps + constants.resting_steps
        if learn:
            self._normalise()
        self._set_learning(learn)
        inputs = np.repeat(trains.pixels, np.diff(trains.first))
        self._input.set_spikes(inputs, (self._step + trains.times) * self._clock.dt)
        with self._target():
            self._network.remove(*self._monitors)
            self._monitors = [
                b.SpikeMonitor(group, name=f"spikes_{number}")
                for number, group in enumerate(self._excitatory)
            ]
            self._network.add(*self._monitors)
            self._network.run(n_steps * self._clock.dt, namespace={})
        result = []
        for monitor in self._monitors:
            steps = np.rint(monitor.t_[:] / self._clock.dt_).astype(np.int64) - self._step
            neurons = monitor.i[:].astype(np.int64)
            order = np.lexsort((neurons, steps))
            result.append((steps[order], neurons[order]))
        self._step += n_steps
        return result

    def learn(self, images: Images, epoch: int) -> NDArray[np.int32]:
        """Learn from the images in their order; their responses [n, neurons] int32."""
        return np.array([self._answer(images, e, epoch, learn=True)[0] for e in range(len(images))])

    def respond(self, images: Images, epoch: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Spikes that the images evoke [n, neurons] int32, and their input spikes [n] int64."""
        layers = [
            replace(
                layer,
                weights=self.weights(number),
                theta=self.theta(number),
                to_excitatory=layer.to_excitatory * self._response_inhibition,
            )
            for number, layer in enumerate(self._layers)
        ]
        frozen = Brian2Engine(
            self._constants, layers, self._codegen, intensity=self._intensity, seed=self._seed
        )
        answers = [frozen._answer(images, e, epoch, learn=False) for e in range(len(images))]
        n = sum(layer.size for layer in layers)
        responses = np.array([spikes for spikes, _ in answers], np.int32).reshape(-1, n)
        return responses, np.array([inputs for _, inputs in answers], np.int64)

    def _answer(
        self, images: Images, example: int, epoch: int, *, learn: bool
    ) -> tuple[NDArray[np.int32], int]:
        """Present an image until it evokes enough spikes; these, and its input spikes."""
        constants = self._constants
        for presentation in range(MAX_PRESENTATIONS):
            trains = poisson_trains(
                images.flat[example], constants.example_steps,
                self._intensity + presentation, constants.dt, example=int(images.ids[example]),
                epoch=epoch, presentation=presentation, seed=self._seed,
            )  # fmt: skip
            if not learn:
                self._come_to_rest()
            shown = [
                np.bincount(neurons[steps < constants.example_steps], minlength=layer.size)
                for (steps, neurons), layer in zip(
                    self.present(trains, learn), self._layers, strict=True
                )
            ]
            if shown[0].sum() >= ENOUGH_SPIKES:
                break
        return np.concatenate(shown).astype(np.int32), len(trains.times)

    def _come_to_rest(self) -> None:
        """Bring all neurons to rest; no spike is under way after a rest."""
        for group in self._populations:
            group.v = group.namespace["v_rest"]
            group.ge = group.gi = 0
            group.lastspike = -1e4 * self._brian2.second

    def weights(self, layer: int) -> Floats:
        """The plastic weights of a layer, [n_e, n_inputs]."""
        synapses = self._plastic[layer]
        by_input = np.array(synapses.w[:], np.float64).reshape(len(synapses.source), -1)
        return np.ascontiguousarray(by_input.T)

    def theta(self, layer: int) -> Floats:
        """The adaptive thresholds of a layer, [n_e] mV."""
        return np.array(self._excitatory[layer].theta[:], np.float64)

    @contextmanager
    def _target(self) -> Iterator[None]:
        """Make code for this engine's target within, and for the former one after."""
        preferences = self._brian2.prefs
        former = preferences["codegen.target"]
        preferences["codegen.target"] = self._codegen
        try:
            yield
        finally:
            preferences["codegen.target"] = former

    def _normalise(self) -> None:
        for number, synapses in enumerate(self._plastic):
            weights, weight_sum = self.weights(number), self._constants.weight_sums[number]
            factors = [normalising_factor(held, weight_sum) for held in weights.sum(1)]
            scaled = np.minimum(weights.T * factors, self._constants.stdp.w_max)
            synapses.w[:] = scaled.ravel()

    def _set_learning(self, learn: bool) -> None:
        stdp = self._constants.stdp
        for group, synapses in zip(self._excitatory, self._plastic, strict=True):
            group.plastic = float(learn)
            synapses.depression = stdp.nu_pre if learn else 0.0
            synapses.potentiation = stdp.nu_post if learn else 0.0
            synapses.w_top = stdp.w_max if learn else UNBOUNDED

    def _add_layer(self, number: int, layer: Layer, source: Any) -> Any:
        """Add both populations of a layer with their synapses; returns the excitatory one."""
        constants, threshold = self._constants, self._constants.threshold
        n_i = layer.to_inhibitory.shape[1]
        excitatory = self._population(
            f"excitatory_{number}", layer.size, constants.excitatory,
            MEMBRANE + ADAPTATION, "v > v_thresh - offset + theta",
            "v = v_reset; theta += plastic*plus", offset=threshold.offset,
            plus=threshold.plus, tau=threshold.tau * self._brian2.ms,
        )  # fmt: skip
        excitatory.theta = layer.theta
        inhibitory = self._population(
            f"inhibitory_{number}", n_i, constants.inhibitory,
            MEMBRANE, "v > v_thresh", "v = v_reset",
        )  # fmt: skip
        self._fixed(f"out_{number}", excitatory, inhibitory, layer.to_inhibitory, "ge")
        if layer.input_to_inhibitory.size:
            feed, delays = layer.input_to_inhibitory.T, layer.input_delays.T
            self._fixed(f"feed_{number}", source, inhibitory, feed, "ge", delays)
        self._fixed(f"back_{number}", inhibitory, excitatory, layer.to_excitatory, "gi")
        self._plastic.append(self._learning(number, layer, source, excitatory))
        self._excitatory.append(excitatory)
        return excitatory

    def _population(
        self,
        name: str,
        n: int,
        params: LIFParams,
        equations: str,
        threshold: str,
        reset: str,
        **further: Any,
    ) -> Any:
        group = self._brian2.NeuronGroup(
            n, equations, threshold=threshold, reset=reset, refractory="refractory_time",
            method="exponential_euler", namespace=self._namespace(params) | further,
            clock=self._clock, name=name,
        )  # fmt: skip
        group.v = params.v_rest
        self._network.add(group)
        self._populations.append(group)
        return group

    def _learning(self, number: int, layer: Layer, source: Any, target: Any) -> Any:
        """The plastic synapses of a layer, in the order of their inputs."""
        namespace = self._namespace(self._constants.stdp)
        namespace["gain"] = self._constants.gains[number]
        synapses = self._brian2.Synapses(
            source, target, PLASTICITY, on_pre=ON_ARRIVAL, on_post=ON_SPIKE,
            namespace=namespace, clock=self._clock, name=f"plastic_{number}",
        )  # fmt: skip
        inputs, neurons = np.indices(layer.weights.T.shape)
        synapses.connect(i=inputs.ravel(), j=neurons.ravel())
        synapses.w[:] = layer.weights.T.ravel()
        synapses.pre.delay[:] = layer.delays.T.ravel() * self._clock.dt
        self._network.add(synapses)
        return synapses

    def _fixed(
        self,
        name: str,
        source: Any,
        target: Any,
        strengths: Floats,
        conductance: str,
        delays: NDArray[np.uint8] | None = None,
    ) -> None:
        """Synapses without learning, as far as they open any conductance; delays in steps."""
        sources, targets = np.nonzero(strengths)
        if not len(sources):
            return
        synapses = self._brian2.Synapses(
            source, target, "w : 1", on_pre=f"{conductance}_post += w",
            clock=self._clock, name=name,
        )  # fmt: skip
        synapses.connect(i=sources, j=targets)
        synapses.w[:] = strengths[sources, targets]
        if delays is not None:
            synapses.pre.delay[:] = delays[sources, targets] * self._clock.dt
        self._network.add(synapses)

    def _namespace(self, params: Any) -> dict[str, Any]:
        """A dataclass's constants as the equations name them, with ms where they are times."""
        values = asdict(params)
        if "refractory" in values:
            values["refractory_time"] = values.pop("refractory") * self._brian2.ms
        return {
            name: value * self._brian2.ms if name.startswith("tau") else value
            for name, value in values.items()
        }


def import_brian2() -> Any:
    """Brian2, which is an extra and slow to import.

    Raises:
        UserError: it is not installed.
    """
    try:
        return import_module("brian2")
    except ImportError as error:
        rule = "engine brian2 needs the extra: pip install 'spikeoff[brian2]'"
        raise UserError(rule) from error
