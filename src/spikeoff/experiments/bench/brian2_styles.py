"""The Diehl & Cook network in Brian2 as people run it: two runs an image, one for all, standalone.

The equations are those of the reference engine. Standalone code cannot normalise weights between
images without a look at every step, so it leaves normalisation out, in its own favour.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeoff.coding.poisson import Trains
from spikeoff.contenders.diehl_cook.engines.brian2_engine import Brian2Engine, import_brian2
from spikeoff.contenders.diehl_cook.network import Constants, Floats, Layer


class Brian2Styles(Brian2Engine):
    """The reference engine, with training in the ways that scripts in circulation have."""

    def learn_in_two_runs(self, trains: Trains) -> None:
        """Normalise, run for the presentation, then run for the rest."""
        constants = self._constants
        self._normalise()
        self._set_learning(True)
        self._set_inputs([trains])
        for steps in (constants.example_steps, constants.resting_steps):
            self._run(steps)

    def learn_in_one_run(self, trains: Sequence[Trains]) -> None:
        """Run once for all images; weights are normalised before each."""
        b, steps = self._brian2, self._steps_an_image
        self._set_learning(True)
        self._set_inputs(trains)
        normaliser = b.NetworkOperation(
            self._normalise, clock=b.Clock(steps * self._clock.dt, name="images"),
            when="start", name="normaliser",
        )  # fmt: skip
        self._network.add(normaliser)
        self._run(len(trains) * steps)
        self._network.remove(normaliser)

    @property
    def _steps_an_image(self) -> int:
        return self._constants.example_steps + self._constants.resting_steps

    def _set_inputs(self, trains: Sequence[Trains]) -> None:
        inputs, steps = [], []
        for number, train in enumerate(trains):
            inputs.append(np.repeat(train.pixels, np.diff(train.first)))
            steps.append(self._step + number * self._steps_an_image + train.times)
        times = np.concatenate(steps) * self._clock.dt
        self._input.set_spikes(np.concatenate(inputs), times)

    def _run(self, steps: int) -> None:
        with self._target():
            self._network.run(steps * self._clock.dt, namespace={})
        self._step += steps


@dataclass(frozen=True)
class Standalone:
    """What compiled C++ did.

    seconds: to learn from all images in one run, set-up included; compiling: to build it.
    weights: [n_e, n_inputs] of the first layer, as learned.
    """

    seconds: float
    compiling: float
    weights: Floats


def run_standalone(
    constants: Constants, layers: Sequence[Layer], trains: Sequence[Trains], threads: int
) -> Standalone:
    """Compile the network to C++ and let it learn from all images in one run.

    Args:
        constants, layers: the network.
        trains: input of the images.
        threads: OpenMP threads; 1 is code without OpenMP.
    """
    with _standalone(threads) as brian2, tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        engine = Brian2Styles(constants, layers)
        engine._set_learning(True)
        engine._set_inputs(trains)
        engine._run(len(trains) * engine._steps_an_image)
        brian2.device.build(directory=folder, compile=True, run=False, debug=False)
        built = time.perf_counter()
        brian2.device.run(folder, with_output=False)
        done = time.perf_counter()
        return Standalone(done - built, built - start, engine.weights(0))


@contextmanager
def _standalone(threads: int) -> Iterator[Any]:
    brian2 = import_brian2()
    former = brian2.prefs["devices.cpp_standalone.openmp_threads"]
    brian2.prefs["devices.cpp_standalone.openmp_threads"] = threads if threads > 1 else 0
    brian2.set_device("cpp_standalone", build_on_run=False)
    try:
        yield brian2
    finally:
        brian2.device.reinit()
        brian2.set_device("runtime")
        brian2.prefs["devices.cpp_standalone.openmp_threads"] = former
