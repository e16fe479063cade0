"""The schedule against PyTorch's own warm-up and cosine."""

from __future__ import annotations

import pytest
import torch

from spikeoff.learning.schedule import Schedule, rate_fraction, warmup_cosine


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


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_a_warm_up_as_long_as_the_training_ends_at_the_peak(schedule: Schedule) -> None:
    assert rate_fraction(schedule, 10, 10, 10) == 1


def test_the_line_is_pytorchs() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    theirs = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=40)
    for step in range(45):
        ours = rate_fraction("linear", 10 + step, 50, 10)
        assert ours == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        theirs.step()


def test_all_schedules_warm_up_alike_and_a_constant_one_stays() -> None:
    cosine, linear, constant = (
        [rate_fraction(one, step, 100, 9) for step in range(120)]
        for one in ("cosine", "linear", "constant")
    )
    assert cosine == [warmup_cosine(step, 100, 9) for step in range(120)]
    assert cosine[:10] == linear[:10] == constant[:10]
    assert constant[9:] == [1.0] * 111
