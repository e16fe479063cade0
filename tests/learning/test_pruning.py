"""Gradual magnitude pruning: the published schedule, the smallest weights first."""

from __future__ import annotations

import pytest
import torch

from spikeoff.learning.pruning import END, START, GradualPruning, kept_share, prune


def test_the_cubic_schedule() -> None:
    assert kept_share(0.0, 0.3) == kept_share(START, 0.3) == 1
    assert kept_share(END, 0.3) == kept_share(1.0, 0.3) == pytest.approx(0.3)
    # Zhu and Gupta's equation 1 in sparsity s = 1 - kept: s = s_f + (0 - s_f)(1 - x)^3.
    for x in (0.25, 0.5, 0.9):
        sparsity = 0.7 - 0.7 * (1 - x) ** 3
        assert kept_share(START + x * (END - START), 0.3) == pytest.approx(1 - sparsity)


@pytest.mark.parametrize("share", [1.0, 599 / 600, 0.5, 0.3, 0.01])
def test_the_largest_weights_are_kept(share: float) -> None:
    weights = torch.randn(20, 30, generator=torch.Generator().manual_seed(0))
    before = weights.clone()
    prune(weights, share)
    kept = weights != 0
    assert kept.sum() == round(share * 600)
    assert torch.equal(weights[kept], before[kept])
    if share < 1:
        assert before[kept].abs().min() > before[~kept].abs().max()


def test_pruning_again_to_the_same_share_changes_nothing() -> None:
    weights = torch.randn(50, generator=torch.Generator().manual_seed(0))
    prune(weights, 0.4)
    once = weights.clone()
    prune(weights, 0.4)
    assert torch.equal(weights, once)


def test_pruned_weights_stay_pruned_while_others_learn_and_follow_every_16_steps() -> None:
    torch.manual_seed(0)
    matrices = [torch.nn.Parameter(torch.randn(8, 10)) for _ in range(2)]
    pruning = GradualPruning(matrices, keep=0.25)

    def learn() -> None:
        for matrix in matrices:
            matrix.data.add_(0.5)

    shares = []
    for number in range(1, 33):
        before = [matrix == 0 for matrix in matrices]
        pruning.step(learn, number, progress=1.0)
        assert all(bool((m == 0)[z].all()) for m, z in zip(matrices, before, strict=True))
        shares.append([int((matrix != 0).sum()) for matrix in matrices])
    assert shares[14] == [80, 80]  # 15 steps: nothing yet
    assert shares[15] == shares[31] == [20, 20]  # a quarter of each
