"""``diehl-cook``: time a training image, ours and Brian2's, on the same network and input."""

from __future__ import annotations

import gc
from functools import partial

from spikeoff.coding.poisson import Trains, poisson_trains
from spikeoff.console import output_console
from spikeoff.contenders.base import require
from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.engines.native import NativeEngine
from spikeoff.contenders.diehl_cook.initial_layers import make_constants, make_layers
from spikeoff.contenders.diehl_cook.network import Constants, Layer
from spikeoff.data import Images, load_dataset
from spikeoff.experiments.bench.brian2_styles import Brian2Styles, run_standalone
from spikeoff.experiments.bench.measure import Measurement, choose_peers, print_table, timed

PEERS = ("brian2",)

REPEATS = 5
NATIVE_IMAGES = 200
"""Images a repeat of ours: one alone is over in a millisecond."""


def bench(
    against: tuple[str, ...] = (),
    n_e: int = 400,
    n_e2: int = 0,
    dt: float = 0.5,
    examples: int = 20,
    num_threads: int | None = None,
) -> None:
    """Time a training image, alone or side by side with Brian2 on the same network and input.

    Args:
        against: brian2; it needs the extra of that name.
        n_e: excitatory neurons.
        n_e2: excitatory neurons of the second layer.
        dt: time step (ms).
        examples: images that the peer learns from in one run, and as many two-run images.
        num_threads: threads of the peer where it can use them; ours learns on one.
    """
    peers = choose_peers("diehl-cook", against, PEERS)
    require("examples", examples, 1 <= examples <= 1000, "from 1 to 1000")
    config = DiehlCookConfig(n_e=n_e, n_e2=n_e2, dt=dt, num_threads=num_threads)
    layers, _ = make_layers(config)
    constants = make_constants(config, layers[0].size)
    images = load_dataset().train
    measured = [*_native(config, constants, layers, images)]
    if peers:
        measured += _brian2(config, constants, layers, images.take(slice(0, examples)))
    conditions = (
        f"n_e={layers[0].size}, n_e2={config.n_e2}, dt={config.dt:g} ms, "
        f"{config.example_time:g} s + {config.resting_time:g} s an image, learning, first images "
        "of MNIST from initial weights"
    )
    title = "Training the Diehl & Cook network"
    print_table(title, "image", measured, conditions, output_console())


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
        images.flat[number], constants.example_steps, config.input_intensity, constants.dt,
        example=int(images.ids[number]), epoch=1, presentation=0, seed=config.seed,
    )  # fmt: skip
