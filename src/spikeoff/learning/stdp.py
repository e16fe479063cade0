"""The triplet-like STDP rule of Diehl and Cook's code.

At the arrival of a presynaptic spike:   w <- w - nu_pre post1,          pre <- 1
At a postsynaptic spike:                 w <- w + nu_post pre post2,     post1 <- 1, post2 <- 1

pre, post1 and post2 decay with time constants tau_pre, tau_post1 and tau_post2, and are set to 1,
not added to. post2 is read before it is set, so a neuron's first spike after a long silence
changes nothing. Weights stay in [0, w_max].

Source: P. U. Diehl and M. Cook, "Unsupervised learning of digit recognition using
spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9:99, 2015, and its
code; the rule goes back to J.-P. Pfister and W. Gerstner, "Triplets of spikes in a model of spike
timing-dependent plasticity", Journal of Neuroscience 26, 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
