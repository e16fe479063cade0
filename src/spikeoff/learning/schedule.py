"""The learning rate over training: a linear warm-up, then a decay to zero, or none."""

from __future__ import annotations

import math
from typing import Literal

from spikeoff.numerics.functions import cos

Schedule = Literal["cosine", "linear", "constant"]


def rate_fraction(schedule: Schedule, step: int, n_steps: int, n_warmup: int) -> float:
    """The fraction of the peak learning rate at ``step`` (from 0) of ``n_steps``.

    (step + 1) / (n_warmup + 1) while warming up. Then, where x goes from 0 to 1 over the steps that
    are left: (1 + cos(pi x)) / 2 for cosine, 1 - x for linear, 1 for constant.
    """
    if schedule == "cosine" or step < n_warmup:
        return warmup_cosine(step, n_steps, n_warmup)
    if schedule == "constant":
        return 1.0
    return 1.0 - min((step - n_warmup) / max(1, n_steps - n_warmup), 1.0)


def warmup_cosine(step: int, n_steps: int, n_warmup: int) -> float:
    """The fraction of the peak learning rate at ``step`` (from 0) of ``n_steps``.

    (step + 1) / (n_warmup + 1) while warming up, then (1 + cos(pi x)) / 2, where x goes from 0 to
    1 over the steps that are left.

    Source of the cosine: I. Loshchilov and F. Hutter, "SGDR", ICLR 2017.
    """
    if step < n_warmup:
        return (step + 1) / (n_warmup + 1)
    x = (step - n_warmup) / max(1, n_steps - n_warmup)
    return 0.5 * (1.0 + float(cos(math.pi * min(x, 1.0))))
