"""What keeps neurons in check: adaptive thresholds and a constant sum of weights.

    d theta / dt = -theta / tau_theta,   theta <- theta + theta_plus at every spike
    w_ij <- min(w_ij * weight_sum / sum_i w_ij, w_max)   before every presentation

A neuron fires where v exceeds v_thresh - offset + theta.

Source: P. U. Diehl and M. Cook, "Unsupervised learning of digit recognition using
spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9:99, 2015, and the
parameters of its code.

Where neurons compete for each presentation, thresholds share the wins out among n of them:

    theta <- theta + theta_plus (won - 1/n),   won = 1 for who won, else 0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ThresholdParams:
    """The adaptive part of a neuron's threshold.

    start: theta before anything was learned (mV).
    offset: what is taken off the threshold (mV).
    plus: what a spike adds to theta (mV).
    tau: time constant of theta's decay (ms).
    """

    start: float = 20.0
    offset: float = 20.0
    plus: float = 0.05
    tau: float = 1e7


def normalising_factor(held: Any, total: Any) -> Any:
    """What to multiply a neuron's weights by, whose sum is ``held``; 1 where there are none."""
    return total / held if held > 0.0 else 1.0


def scaled(w: Any, factor: Any, least: Any) -> Any:
    """The weight times ``factor``; 0 below ``least``.

    A weight that only shrinks would come to the smallest numbers that there are, with which a
    processor computes a hundred times more slowly.
    """
    product = w * factor
    return product if product >= least else w - w


def balanced(theta: Any, won: Any, share: Any, plus: Any) -> Any:
    """The threshold after a competition; ``share`` is how often a neuron should win."""
    return theta + plus * (won - share)
