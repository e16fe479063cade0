"""How trained networks answer when images, input spikes or weights are corrupted."""

from spikeoff.experiments.robustness.command import robust
from spikeoff.experiments.robustness.measurement import measure

__all__ = ["measure", "robust"]
