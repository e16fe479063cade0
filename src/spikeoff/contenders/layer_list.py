"""A trained network as a list of layers: the form that other programs' formats are written from.

Each layer takes what the one before sends. Rows have the shape [n, neurons], pictures [n, channels,
height, width]; in a spiking network rows come one per time step, [n, steps, neurons]. Arrays are
float32, laid out as the formulas say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.neurons.conductance_lif import LIFParams as ConductanceLIF
from spikeoff.neurons.models import Params

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class PictureToRow:
    """Pictures as rows: pixel by pixel, the channels of a pixel side by side."""


@dataclass(frozen=True)
class Flatten:
    """Maps as rows, channel by channel."""


@dataclass(frozen=True)
class ConstantInput:
    """The same row at each of ``n_steps`` time steps."""

    n_steps: int


@dataclass(frozen=True)
class Scale:
    """factor x."""

    factor: float


@dataclass(frozen=True)
class Affine:
    """x W + b, with ``weight`` W [sources, targets] and ``bias`` b [targets]."""

    weight: Floats
    bias: Floats | None = None


@dataclass(frozen=True)
class ByOrdinal:
    """Spikes of a neuron, sorted by how many it has sent before: [n, steps, neurons * size].

    size: places of a neuron; its first spike is in the first, the next in the second, and all that
        follow in the last.
    """

    size: int


@dataclass(frozen=True)
class DelayedAffine:
    """sum_i x_i[t - delay_ij] W_ij, with ``weight`` W [sources, targets].

    delay: [sources, targets] uint8, steps from a source to a target.
    """

    weight: Floats
    delay: NDArray[np.uint8]


@dataclass(frozen=True)
class Convolution:
    """Cross-correlation with ``weight`` [maps, channels, height, width] over zero padding."""

    weight: Floats
    padding: int


@dataclass(frozen=True)
class Normalisation:
    """gain (x - mean) / sqrt(variance + epsilon) + bias, each [channels]."""

    gain: Floats
    bias: Floats
    mean: Floats
    variance: Floats
    epsilon: float


@dataclass(frozen=True)
class MaxPool:
    """The maximum of each field of ``size`` x ``size`` places."""

    size: int


@dataclass(frozen=True)
class ReLU:
    """max(x, 0)."""


@dataclass(frozen=True)
class Rounding:
    """step times the nearest whole number to x / step, from 0 to ``highest``."""

    step: float
    highest: int


@dataclass(frozen=True)
class Pool:
    """x minus its mean over each group of ``size`` neighbouring neurons (shared inhibition)."""

    size: int


@dataclass(frozen=True)
class Neurons:
    """Spiking neurons, from rest: spikes, 1 where a neuron fires.

    params: of the neurons; their type says the model.
    dt: time step (ms).
    decay: of the synaptic current per step, I[t] = decay I[t-1] + x[t]; 0 for none that lasts.
    bias: constant current, added to I (mV/ms): [neurons], or one number for all.
    """

    params: Params
    dt: float
    decay: float = 0.0
    bias: Floats | float = 0.0


@dataclass(frozen=True)
class Competition:
    """Excitatory neurons that compete through inhibitory ones: spikes of the excitatory ones.

    What arrives opens conductances of the excitatory neurons, [n, steps, n_e]; or of both,
    [n, steps, n_e + n_i].

    excitatory, inhibitory: of the neurons; ``v_thresh`` (mV) without theta.
    dt: time step (ms).
    theta: [n_e] further threshold (mV).
    to_inhibitory, to_excitatory: [n_e, n_i] and [n_i, n_e], conductances that a spike opens.
    fed_inhibition: whether input arrives at the inhibitory neurons, too.
    """

    excitatory: ConductanceLIF
    inhibitory: ConductanceLIF
    dt: float
    theta: Floats
    to_inhibitory: Floats
    to_excitatory: Floats
    fed_inhibition: bool = False


@dataclass(frozen=True)
class Vote:
    """The score: counts of the spikes of all ``Competition`` layers, or their roots, times W + b.

    weight: W [neurons, classes] float64. bias: b [classes] float64.
    of_root: whether the square root of counts is weighed.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64] | None = None
    of_root: bool = False


@dataclass(frozen=True)
class SpikeCount:
    """The score of each neuron: its spikes over all steps, times ``scale``.

    potential: also count how far its membrane potential has come from rest to the peak in the end.
    share_slope: also count half the neuron's share of activity, softmax(share_slope s), where s
        sums what the last ``Affine`` sent it over all steps.
    """

    scale: float = 1.0
    potential: bool = False
    share_slope: float | None = None


@dataclass(frozen=True)
class StepSum:
    """The score: the sum over steps of weights[step] x[step], times ``scale``."""

    weights: Floats
    scale: float = 1.0


Layer = (
    PictureToRow | Flatten | ConstantInput | Scale | Affine | ByOrdinal | DelayedAffine
    | Convolution | Normalisation | MaxPool | ReLU | Rounding | Pool | Neurons | Competition
    | SpikeCount | StepSum | Vote
)  # fmt: skip


def floats(array: Any) -> Floats:
    """An array, or a tensor of PyTorch, as contiguous float32."""
    held = array.detach().cpu().numpy() if hasattr(array, "detach") else array
    return np.ascontiguousarray(held, np.float32)
