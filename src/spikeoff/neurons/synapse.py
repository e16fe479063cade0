"""The synaptic current between input and membrane: a kick, held, or decaying.

    I[t] = decay I[t-1] + (weighted input spikes of step t)

With decay = 0 a spike acts for one step (a kick); with 1 its current stays until the image ends
(held: nothing but additions); else decay = exp(-dt / tau_syn).

Source: W. Gerstner, W. M. Kistler, R. Naud and L. Paninski, "Neuronal Dynamics", Cambridge
University Press 2014, section 3.1 (a current that decays exponentially).
"""

from __future__ import annotations

from typing import Any, Literal

import torch

from spikeoff.numerics.functions import exp

Synapse = Literal["kick", "held", "decaying"]


def decay_per_step(synapse: Synapse, tau_syn: float, dt: float) -> float:
    """What is left of a synaptic current after a step.

    Args:
        synapse: the kind of current.
        tau_syn: time constant (ms) of a decaying current.
        dt: step (ms).
    """
    if synapse == "decaying":
        return float(exp(-dt / tau_syn))
    return 0.0 if synapse == "kick" else 1.0


def accumulate(current: Any, arriving: Any, decay: Any) -> Any:
    """The current after a step in which ``arriving`` was added."""
    return arriving + decay * current


def synaptic_currents(arriving: torch.Tensor, decay: float) -> torch.Tensor:
    """[n, steps, neurons] currents (mV/ms), from the weighted input spikes of each step."""
    if not decay:
        return arriving
    currents = [arriving[:, 0]]
    for step in range(1, arriving.shape[1]):
        currents.append(accumulate(currents[-1], arriving[:, step], decay))
    return torch.stack(currents, 1)
