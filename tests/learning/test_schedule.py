"""The schedule against PyTorch's own warm-up and cosine."""

from __future__ import annotations

import pytest
import torch

from spikeoff.learning.schedule import warmup_cosine


def test_the_cosine_is_pytorchs() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    for step in range(40):
        ours = warmup_cosine(10 + step, 50, 10)
        assert ours == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        theirs.step()


def test_warm_up_rises_evenly_to_the_peak() -> None:
    rates = [warmup_cosine(step, 100, 9) for step in range(10)]
    assert rates == pytest.approx([k / 10 for k in range(1, 11)])


def test_it_ends_at_zero_and_stays() -> None:
    assert warmup_cosine(100, 100, 10) == pytest.approx(0, abs=1e-12)
    assert warmup_cosine(200, 100, 10) == pytest.approx(0, abs=1e-12)
