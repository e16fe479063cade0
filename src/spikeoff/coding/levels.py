"""Threshold coding: a threshold falls from level to level, and a pixel fires when it passes.

At step k, counted from 0, the threshold is ``levels[k]``. A pixel fires at the first step at which
its value exceeds the threshold, and never again. Four levels keep the contours and most of the grey
values of a digit in about 130 spikes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spikeoff.errors import UserError

LEVELS = (220, 160, 100, 40)


def threshold_steps(levels: Sequence[int], n_steps: int) -> NDArray[np.int64]:
    """[256] the step at which a pixel of each value fires; ``n_steps`` for never.

    Raises:
        UserError: the levels do not fall, are no pixel values, or outnumber the steps.
    """
    check_levels(levels, n_steps)
    passed = np.arange(256)[:, None] > np.asarray(levels)
    return np.where(passed.any(axis=1), passed.argmax(axis=1), n_steps).astype(np.int64)


def check_levels(levels: Sequence[int], n_steps: int) -> None:
    """Refuse levels that do not fall, that are no pixel values, or that outnumber the steps."""
    given = " ".join(map(str, levels))
    falling = all(one > other for one, other in pairwise(levels))
    if not levels or not falling or levels[0] > 254 or levels[-1] < 0:
        raise UserError(f"`levels` (={given}) must be falling pixel values from 254 to 0")
    if len(levels) > n_steps:
        raise UserError(
            f"`levels` (={given}) must be at most `n_steps` (={n_steps}), one level per step"
        )
