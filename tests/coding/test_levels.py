"""Threshold coding: at the first level that a pixel exceeds."""

from __future__ import annotations

import numpy as np
import pytest

from spikeoff.coding.levels import LEVELS, threshold_steps
from spikeoff.errors import UserError


def test_the_step_of_values_at_and_above_each_level() -> None:
    steps = threshold_steps(LEVELS, 8)
    values = [255, 221, 220, 161, 160, 101, 100, 41, 40, 0]
    assert [steps[value] for value in values] == [0, 0, 1, 1, 2, 2, 3, 3, 8, 8]


def test_one_level_is_a_black_and_white_picture() -> None:
    np.testing.assert_array_equal(threshold_steps((127,), 1) == 0, np.arange(256) > 127)


@pytest.mark.parametrize(
    ("levels", "n_steps", "told"),
    [
        ((), 8, "falling"),
        ((100, 100), 8, "falling"),
        ((40, 100), 8, "falling"),
        ((255, 100), 8, "from 254"),
        ((100, -1), 8, "to 0"),
        ((200, 100, 50), 2, "`n_steps` .=2"),
    ],
)
def test_levels_that_cannot_be_used_are_refused(
    levels: tuple[int, ...], n_steps: int, told: str
) -> None:
    with pytest.raises(UserError, match=told):
        threshold_steps(levels, n_steps)
