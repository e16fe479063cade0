"""The least time that training needs on this machine, and the time that it takes.

Run: python benchmarks/floors.py [--contender ID ...] [--into docs/performance.md]

The floor adds up, on one thread, at the ceilings that ``ceilings.py`` measures first:

- products of dense layers, forward and backward, at the rate of the matrix product;
- additions evoked by spikes, and products with lit pixels, at the rate of gathering rows from the
  second-level cache; rate-coded input by its differences from each pixel's baseline, or, where
  that is quicker, by the dense product;
- updates of neurons, by the count of their operations, at the rate of the matrix product (which
  multiplies and adds at once; the loops of neurons cannot always);
- bytes that must pass through memory once: what Adam reads and writes of weights, gradients and
  moments; activations and membrane traces that the backward pass needs.

The floor leaves out drawing spikes, reading images, loops and calls; their time is in the ratio.
For the contenders that learn online, the floor is that of answering. It leaves out STDP, so their
ratio is an upper bound.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ceilings import Ceilings, measure_ceilings
from page_tables import publish, table
from spikeoff.contenders.base import Contender
from spikeoff.contenders.gradient.cnn import KERNEL
from spikeoff.contenders.hardware import use_threads
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.data import MNIST, Images, load_dataset
from spikeoff.kernels.rate_coding import rate_code_delta
from spikeoff.ledger.operations import Activity
from spikeoff.neurons.cost import update_cost

TURNS = 5
N_IMAGES = {
    "mlp": 12_800, "cnn": 2560, "izhikevich-gradient": 1280, "izhikevich-stdp": 2000,
    "diehl-cook": 200,
}  # fmt: skip
"""Images per turn; a turn takes about a second."""
ADAM_BYTES = 28
"""Per float32 weight: weight, gradient and two moments read; weight and moments written."""
NUMBER = 4
"""Bytes of a float32."""


@dataclass(frozen=True)
class Need:
    """The least work of training, per image.

    flops: at the rate of the matrix product; gathered: bytes at the rate of gathering rows;
    moved: bytes at the rate of copying.
    """

    flops: float = 0.0
    gathered: float = 0.0
    moved: float = 0.0

    def milliseconds(self, ceilings: Ceilings) -> float:
        """At the ceilings, one after the other."""
        gather = ceilings.gather["1 MiB"]
        parts = self.flops / ceilings.gflops + self.gathered / gather + self.moved / ceilings.copy
        return parts / 1e6


def need_of_mlp(contender: Any, activity: Activity, ceilings: Ceilings) -> Need:
    """Both layers forward and their weights' gradients; the output layer's input gradient.

    The first layer by the weights of lit pixels, or by the dense product, where that is quicker.
    """
    (n,) = contender.config.hidden
    by_lit = Need(gathered=2 * activity.input_per_example * n * NUMBER)
    dense = Need(flops=2 * 2 * MNIST.n_pixels * n)
    first = min(by_lit, dense, key=lambda need: need.milliseconds(ceilings))
    return Need(
        flops=first.flops + 2 * 3 * n * MNIST.n_classes,
        gathered=first.gathered,
        moved=_adam(contender) + 3 * n * NUMBER,
    )


def need_of_cnn(contender: Any, _: Activity, __: Ceilings) -> Need:
    """Each layer forward and both its gradients, but no gradient by pixels.

    A convolution's output is written, read by its statistics and again to be normalised, and in
    the backward pass read, and its gradient written and read.
    """
    n = contender.config.n_hidden
    feature_maps = contender.config.maps()
    convolved = [side for ((side, _),) in feature_maps.convolved]
    first = convolved[0] ** 2 * 32 * KERNEL**2
    rest = convolved[1] ** 2 * 64 * 32 * KERNEL**2 + (feature_maps.n_features + MNIST.n_classes) * n
    maps = convolved[0] ** 2 * 32 + convolved[1] ** 2 * 64
    return Need(flops=2 * (2 * first + 3 * rest), moved=_adam(contender) + 6 * maps * NUMBER)


def need_of_izhikevich_gradient(contender: Any, activity: Activity, ceilings: Ceilings) -> Need:
    """The input product and its weights' gradient, by spikes or dense; neurons; their trace.

    The trace of potentials is written going forward and read going back.
    """
    config = contender.config
    (n,), steps = config.hidden, config.n_steps
    by_spikes = Need(gathered=2 * _rows_met(config) * n * NUMBER)
    dense = Need(flops=2 * 2 * steps * MNIST.n_pixels * n)
    product = min(by_spikes, dense, key=lambda need: need.milliseconds(ceilings))
    outputs = activity.hidden_per_example * MNIST.n_classes  # forward; backward by spikes again
    updates = steps * (n + MNIST.n_classes)
    neurons = 2 * updates * _update_flops("izhikevich")
    back = 2 * steps * MNIST.n_classes * n  # gradient by hidden spikes, dense
    return Need(
        flops=product.flops + neurons + back,
        gathered=product.gathered + 2 * outputs * NUMBER,
        moved=_adam(contender) + 2 * updates * NUMBER,
    )


def need_online(contender: Contender, images: Images) -> Need:
    """What an answer takes: additions evoked by spikes, updates of neurons."""
    operations = contender.account(images).operations
    neuron = contender.neuron or "conductance-lif"
    return Need(
        flops=operations.membrane_updates * _update_flops(neuron),
        gathered=operations.effective_acs * NUMBER,
    )


BY_GRADIENT: dict[str, Callable[[Any, Activity, Ceilings], Need]] = {
    "mlp": need_of_mlp, "cnn": need_of_cnn, "izhikevich-gradient": need_of_izhikevich_gradient,
}  # fmt: skip


def _rows_met(config: Any) -> float:
    """Rows of input weights added per image: baseline pixels, and differences from the baseline."""
    images = load_dataset().train.take(slice(0, 200))
    drawn = rate_code_delta(images, config.n_steps, config.max_rate, seed=config.seed, epoch=1)
    return float(drawn.n_baseline.sum() + drawn.n_flips.sum()) / len(images)


def _adam(contender: Any) -> float:
    """Bytes that a step of Adam moves, per image of the batch."""
    return float(ADAM_BYTES * contender.parameter_count() / contender.config.batch_size)


def _update_flops(neuron: Any) -> float:
    """Operations of one update."""
    arithmetic = update_cost(neuron).arithmetic
    return float(sum(vars(arithmetic).values()))


def measured(contender: Contender, images: Images) -> list[float]:
    """Milliseconds per image, turn by turn, without the first, which warms up."""
    seconds = []
    for epoch in range(1, TURNS + 2):
        start = time.perf_counter()
        for _step in contender.learn(images, epoch):
            pass
        seconds.append(time.perf_counter() - start)
    return [1000 * second / len(images) for second in seconds[1:]]


def row(name: str, ceilings: Ceilings) -> list[str]:
    """A contender's line of the table."""
    kind = find(name)
    contender = kind(kind.config_type(num_threads=1, device="cpu"))
    use_threads(1)
    images = load_dataset().train.take(slice(0, N_IMAGES[name]))
    probe = images.take(slice(0, 200))
    contender.warm_up(probe)
    times = measured(contender, images)
    activity = contender.account(probe).activity
    if name in BY_GRADIENT:
        need = BY_GRADIENT[name](contender, activity, ceilings)
    else:
        need = need_online(contender, probe)
    floor, taken = need.milliseconds(ceilings), statistics.median(times)
    return [
        f"`{name}`", f"{need.flops / 1e6:.3g}", f"{need.gathered / 1e6:.3g}",
        f"{need.moved / 1e6:.3g}", f"{floor:.3g}",
        f"{taken:.3g} ({min(times):.3g} - {max(times):.3g})", f"{taken / floor:.1f}",
    ]  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Print the table, for all contenders or those named."""
    given = list(arguments)
    names = list(BUILT_IN)
    if "--contender" in given:
        rest = given[given.index("--contender") + 1 :]
        names = [name for name in rest if name in N_IMAGES]
    ceilings = measure_ceilings(1)
    head = [
        "contender", "M operations", "MB gathered", "MB moved", "floor, ms", "takes, ms (range)",
        "times the floor",
    ]  # fmt: skip
    rows = [row(name, ceilings) for name in names]
    caption = (
        f"An image in training, one thread, defaults; median of {TURNS} turns. At the ceilings of "
        f"the same run: {ceilings.gflops:.0f} GFLOP/s, gathering {ceilings.gather['1 MiB']:.0f} "
        f"GB/s, copying {ceilings.copy:.1f} GB/s."
    )
    publish("floors", f"{table(head, rows)}\n\n{caption}", arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
