"""Gradual magnitude pruning: the smallest weights are set to 0 for good, more and more of them.

The share of weights kept falls along a cubic curve, fast at first and then slowly:

    kept(progress) = keep + (1 - keep) (1 - (progress - START) / (END - START))^3

where progress runs from 0 to 1 over the training. Before START all weights are kept, after END
``keep``. A weight of exactly 0 is a pruned one: it stays 0, so no mask needs to be stored.

Source: M. Zhu and S. Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model
compression", ICLR workshop 2018, equation 1.
"""

from __future__ import annotations

import torch

START, END = 0.15, 0.6
EVERY = 16
"""Training steps between two prunings."""


def kept_share(progress: float, keep: float) -> float:
    """The share of weights kept.

    Args:
        progress: share of the training done, from 0 to 1.
        keep: share kept in the end.
    """
    left = 1 - min(1.0, max(0.0, (progress - START) / (END - START)))
    return keep + (1 - keep) * left**3


def prune(weights: torch.Tensor, share: float) -> None:
    """Set all but this share of the weights, the largest ones, to 0, in place."""
    size = weights.abs().flatten()
    n_pruned = size.numel() - round(share * size.numel())
    if n_pruned > 0:
        limit = size.kthvalue(n_pruned).values
        weights.mul_(weights.abs() > limit)
