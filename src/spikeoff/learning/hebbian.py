"""Hebbian learning of a readout under a teacher: what a synapse knows is its two ends.

    plain:  w <- w + rate pre target
    delta:  w <- w + rate pre (target - post)

pre is the number of presynaptic spikes in the presentation. The label sets target: 1 for the
neuron that should answer, 0 for the others; under the plain rule it stands for the activity that
a teacher imposes. post is the activity that the neuron reached by itself: its share of the
layer's, as inhibition shared among the neurons leaves it,

    post_k = exp(s z_k) / sum_j exp(s z_j),   z_k = sum over pre of w_k pre

Source: D. O. Hebb, "The Organization of Behavior", 1949; B. Widrow and M. E. Hoff, "Adaptive
switching circuits", WESCON 1960.
"""

from __future__ import annotations

from typing import Any


def post_error(target: Any, post: Any) -> Any:
    """How far a neuron is from what the label asks of it."""
    return target - post


def strengthened(w: Any, pre: Any, post: Any, rate: Any) -> Any:
    """The weight after a presentation: more by the product of both ends' activities."""
    return w + rate * pre * post
