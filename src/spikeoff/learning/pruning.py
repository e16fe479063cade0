"""Gradual magnitude pruning: the smallest weights are set to 0 for good, more and more of them.

The share of weights kept falls along a cubic curve, fast at first and then slowly:

    kept(progress) = keep + (1 - keep) (1 - (progress - START) / (END - START))^3

where progress runs from 0 to 1 over the training. Before START all weights are kept, after END
``keep``. A weight of exactly 0 is a pruned one: it stays 0, so no mask needs to be stored.

Synapses that a network never had are such weights too.

Source: M. Zhu and S. Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model
compression", ICLR workshop 2018, equation 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
    return keep + (1 - keep) * (left * left * left)


def prune(weights: torch.Tensor, share: float) -> None:
    """Set all but this share of the weights, the largest ones, to 0, in place."""
    size = weights.abs().flatten()
    n_pruned = size.numel() - round(share * size.numel())
    if n_pruned > 0:
        limit = size.kthvalue(n_pruned).values
        weights.mul_(weights.abs() > limit)


@dataclass(frozen=True)
class GradualPruning:
    """Prunes weights while they learn.

    matrices: of weights, each pruned by itself.
    keep: share of each that is kept in the end.
    """

    matrices: Sequence[torch.Tensor]
    keep: float

    @torch.no_grad()
    def step(self, learn: Callable[[], None], number: int, progress: float) -> None:
        """One training step, in place: weights that were pruned stay 0, and others follow.

        Args:
            learn: changes the weights.
            number: of the step.
            progress: share of the training done.
        """
        masks = [matrix != 0 for matrix in self.matrices]
        learn()
        for matrix, mask in zip(self.matrices, masks, strict=True):
            matrix.mul_(mask)
            if number % EVERY == 0:
                prune(matrix, kept_share(progress, self.keep))


@dataclass(frozen=True)
class FixedSynapses:
    """Keeps at 0 the weights of ``matrix`` that are no synapses.

    exists: [like the matrix] 1 for a synapse, 0 for none.
    """

    matrix: torch.Tensor
    exists: torch.Tensor

    @torch.no_grad()
    def step(self, learn: Callable[[], None], number: int, progress: float) -> None:
        """One training step, in place; arguments as in ``GradualPruning``."""
        del number, progress
        learn()
        self.matrix.mul_(self.exists)
