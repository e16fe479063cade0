"""A small column network in Brian2's own equations: the same spikes and weight changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.contenders.izhikevich_stdp.test_columns import (
    N_INPUTS,
    N_STEPS,
    PARAMS,
    SIZE,
    Spikes,
    drawn,
    layer,
    learn,
    present,
)

pytestmark = pytest.mark.reference

NEURONS = """
v : 1
u : 1
excitation : 1
inhibition : 1
theta : 1
"""

# Forward Euler as one assignment: both right-hand sides from the values before the step.
STEP = """
current = gain*(excitation - inhibition) - theta
v_old = v
v = clip(v_old + (0.04*v_old**2 + 5*v_old + 140 - u + current), -90, inf)
u = u + a*(b*v_old - u)
excitation = 0
inhibition = 0
"""

SYNAPSES = """
w : 1
change : 1
dpre/dt = -pre/tau_plus : 1 (event-driven)
dpost/dt = -post/tau_minus : 1 (event-driven)
"""


@pytest.fixture
def b2() -> Iterator[Any]:
    """Brian2 with steps of 1 ms and no compiler; set back afterwards."""
    module = pytest.importorskip("brian2")
    dt, target = module.defaultclock.dt, module.prefs.codegen.target
    module.defaultclock.dt, module.prefs.codegen.target = 1 * module.ms, "numpy"
    yield module
    module.defaultclock.dt, module.prefs.codegen.target = dt, target


def simulate(b2: Any, spikes: Spikes, columns: Any) -> tuple[Any, Any]:
    """Spikes [steps, neurons] and the sums of the window [inputs, neurons] by Brian2.

    An input spike of our step t reaches the neurons at Brian2's t + 1, so STDP hears of it a
    step later too.
    """
    weights, theta = columns.weights[0], columns.theta[0]
    names = {
        "gain": columns.gain, "a": 0.1, "b": 0.2,
        "a_plus": PARAMS.a_plus, "a_minus": PARAMS.a_minus,
        "tau_plus": PARAMS.tau_plus * b2.ms, "tau_minus": PARAMS.tau_minus * b2.ms,
    }  # fmt: skip
    steps, sources = np.nonzero(spikes)
    inputs = b2.SpikeGeneratorGroup(N_INPUTS, sources, steps * b2.ms)
    neurons = b2.NeuronGroup(
        2 * SIZE, NEURONS, threshold="v >= 30", reset="v = -65; u += 2", namespace=names,
    )  # fmt: skip
    neurons.v, neurons.u, neurons.theta = -65, -13, theta
    update = neurons.run_regularly(STEP, when="groups")
    pool = b2.Synapses(inputs, neurons, "share : 1", on_pre="inhibition_post += share")
    synapses = b2.Synapses(
        inputs, neurons, SYNAPSES, namespace=names,
        on_pre={
            "excite": "excitation_post += w",
            "pair": "change -= a_minus*post; pre += 1",
        },
        on_post="change += a_plus*pre; post += 1",
        delay={"pair": 1 * b2.ms},
    )  # fmt: skip
    i, j = np.nonzero(np.ones_like(weights))
    synapses.connect(i=i, j=j)
    synapses.w = weights[i, j]
    pool.connect(i=i, j=j)
    pool.share = weights.reshape(N_INPUTS, 2, SIZE).mean(axis=2).repeat(SIZE, axis=1)[i, j]
    monitor = b2.SpikeMonitor(neurons)
    network = b2.Network(inputs, neurons, update, pool, synapses, monitor)
    network.run((N_STEPS + 1) * b2.ms, namespace={})
    fired = np.zeros((N_STEPS + 1, 2 * SIZE), np.uint8)
    fired[np.rint(monitor.t / b2.ms).astype(int), monitor.i] = 1
    changes = np.zeros_like(weights)
    changes[i, j] = synapses.change
    return fired, changes


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_brian2_fires_and_learns_alike(b2: Any, rng: np.random.Generator) -> None:
    columns, rate = layer(rng), 0.2
    n_spikes = learned = 0
    for _ in range(6):
        spikes = drawn(rng, 0.4)
        by_brian, changes = simulate(b2, spikes, columns)
        # Brian2's first step passes before an input arrives.
        padded = np.vstack([np.zeros((1, N_INPUTS), np.uint8), spikes])
        trace = present(padded, columns)
        np.testing.assert_array_equal(trace.spikes[0], by_brian)
        before = columns.weights[0].copy()
        learn(padded, columns, trace, rate, plus=0.1)
        for j in np.flatnonzero((columns.weights[0] != before).any(axis=0)):
            field = columns.fields[j // SIZE]
            expected = np.maximum(before[field, j] + rate * changes[field, j], 0)
            expected /= np.linalg.norm(expected)
            np.testing.assert_allclose(columns.weights[0][field, j], expected, atol=1e-9)
            learned += 1
        n_spikes += int(by_brian.sum())
    assert n_spikes > 60
    assert learned >= 6
