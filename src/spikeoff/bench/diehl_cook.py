"""``diehl-cook``: time a training image, ours and Brian2's, on the same network and input."""

from __future__ import annotations

import gc
from functools import partial

from rich.console import Console

from spikeoff.bench.brian2_styles import Brian2Styles, run_standalone
from spikeoff.bench.measure import Measurement, tell, timed
from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.native import NativeEngine
from spikeoff.contenders.diehl_cook.network import Constants, Layer
from spikeoff.contenders.diehl_cook.setup import make_constants, make_layers
from spikeoff.data import Images, load_dataset
from spikeoff.encoding.poisson import Trains, poisson_trains

REPEATS = 5
NATIVE_IMAGES = 200
"""Images a repeat of ours: one alone is over in a millisecond."""


def bench(
    config: DiehlCookConfig, *, against_brian2: bool, examples: int, console: Console
) -> list[Measurement]:
    """Time training at the settings of ``config``, and print it.

    Args:
        config: sizes, times, dt, threads.
        against_brian2: whether Brian2 runs too.
        examples: images that Brian2 learns from in one run, and as many two-run images.
        console: where the table goes.
    """
    layers, _ = make_layers(config)
    constants = make_constants(config, layers[0].size)
    images = load_dataset().train
    measured = [*_native(config, constants, layers, images)]
    if against_brian2:
        measured += _brian2(config, constants, layers, images.take(slice(0, examples)))
    conditions = (
        f"n_e={layers[0].size}, n_e2={config.n_e2}, dt={config.dt:g} ms, "
        f"{config.example_time:g} s + {config.resting_time:g} s an image, learning, first images "
        "of MNIST from initial weights"
    )
    tell("Training the Diehl & Cook network", "image", measured, conditions, console)
    return measured


def _native(
    config: DiehlCookConfig, constants: Constants, layers: list[Layer], images: Images
) -> list[Measurement]:
    engine = NativeEngine(
        constants, layers, intensity=config.input_intensity, seed=config.seed, num_threads=1
    )
    part = images.take(slice(0, NATIVE_IMAGES))
    engine.learn(part.take(slice(0, 2)), 1)
    engine.respond(part.take(slice(0, 2)), 0)
    learning = timed(lambda: engine.learn(part, 1), NATIVE_IMAGES, REPEATS)
    answering = timed(lambda: engine.respond(part, 0), NATIVE_IMAGES, REPEATS)
    return [
        Measurement("spikeoff", "learning, 1 thread", learning, "float32"),
        Measurement("spikeoff", "answering, 1 thread", answering, "no learning, no rest"),
    ]


def _brian2(
    config: DiehlCookConfig, constants: Constants, layers: list[Layer], images: Images
) -> list[Measurement]:
    trains = [_trains(config, constants, images, number) for number in range(len(images))]
    gc.freeze()  # Brian2 collects garbage at every run; let it not look at our modules
    engine = Brian2Styles(constants, layers)
    engine.learn_in_two_runs(trains[0])  # compiles
    two: list[float] = []
    for train in trains:
        two += timed(partial(engine.learn_in_two_runs, train), 1, 1)
    engine.learn_in_one_run(trains[:1])
    one = timed(lambda: engine.learn_in_one_run(trains), len(trains), 1)
    gc.unfreeze()
    result = [
        Measurement("Brian2, cython", "two runs an image", two, "as scripts in circulation"),
        Measurement("Brian2, cython", "one run for all", one),
    ]
    for threads in sorted({1, config.num_threads or 1}):
        done = run_standalone(constants, layers, trains, threads)
        result.append(
            Measurement(
                "Brian2, standalone",
                f"one run for all, {threads} thread(s)",
                [done.seconds / len(trains)],
                f"not normalising; {done.compiling:.0f} s to compile not counted",
            )
        )
    return result


def _trains(config: DiehlCookConfig, constants: Constants, images: Images, number: int) -> Trains:
    return poisson_trains(
        images.pixels[number], constants.example_steps, config.input_intensity, constants.dt,
        example=int(images.ids[number]), epoch=1, presentation=0, seed=config.seed,
    )  # fmt: skip
