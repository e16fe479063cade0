"""Spike-timing-dependent plasticity: the rule of Diehl and Cook's code, and the plain pair rule.

The triplet-like rule of Diehl and Cook:

At the arrival of a presynaptic spike:   w <- w - nu_pre post1,          pre <- 1
At a postsynaptic spike:                 w <- w + nu_post pre post2,     post1 <- 1, post2 <- 1

pre, post1 and post2 decay with time constants tau_pre, tau_post1 and tau_post2, and are set to 1,
not added to. post2 is read before it is set, so a neuron's first spike after a long silence
changes nothing. Weights stay in [0, w_max].

Source: P. U. Diehl and M. Cook, "Unsupervised learning of digit recognition using
spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9:99, 2015, and its
code; the rule goes back to J.-P. Pfister and W. Gerstner, "Triplets of spikes in a model of spike
timing-dependent plasticity", Journal of Neuroscience 26, 2006.

The pair rule, every presynaptic spike with every postsynaptic one, lag = t_post - t_pre:

    w <- w + rate a_plus  exp(-lag / tau_plus)     lag >= 0
    w <- w - rate a_minus exp( lag / tau_minus)    lag < 0

Source: S. Song, K. D. Miller and L. F. Abbott, "Competitive Hebbian learning through
spike-timing-dependent synaptic plasticity", Nature Neuroscience 3, 2000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeoff.numerics.functions import exp


@dataclass(frozen=True)
class TripletParams:
    """The rule's constants.

    nu_pre, nu_post: learning rates at presynaptic and postsynaptic spikes.
    tau_pre, tau_post1, tau_post2: time constants of the traces (ms).
    w_max: the largest weight.
    """

    nu_pre: float = 1e-4
    nu_post: float = 1e-2
    tau_pre: float = 20.0
    tau_post1: float = 20.0
    tau_post2: float = 40.0
    w_max: float = 1.0


def depressed(w: Any, post1: Any, nu_pre: Any, w_min: Any) -> Any:
    """The weight after a presynaptic spike's arrival."""
    return max(w - nu_pre * post1, w_min)


def potentiated(w: Any, pre: Any, post2: Any, nu_post: Any, w_max: Any) -> Any:
    """The weight after a postsynaptic spike."""
    return min(w + nu_post * pre * post2, w_max)


@dataclass(frozen=True)
class PairParams:
    """The pair rule's constants.

    a_plus, a_minus: change of a weight by a pair without lag, where the learning rate is 1.
    tau_plus, tau_minus: time constants of the window (ms).
    """

    a_plus: float
    a_minus: float
    tau_plus: float
    tau_minus: float


def pair_window(lag: Any, p: PairParams) -> Any:
    """What a pair of spikes changes, by lag = t_post - t_pre (ms), where the learning rate is 1."""
    potentiation = p.a_plus * exp(-np.maximum(lag, 0) / p.tau_plus)
    depression = p.a_minus * exp(np.minimum(lag, 0) / p.tau_minus)
    return np.where(np.asarray(lag) >= 0, potentiation, -depression)


def paired(w: Any, change: Any, rate: Any, w_min: Any) -> Any:
    """The weight after the pairs of a presentation, ``change`` being the sum of their windows."""
    return max(w + rate * change, w_min)
