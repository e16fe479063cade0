"""The readout's rules by hand."""

from __future__ import annotations

import pytest

from spikeoff.learning.hebbian import post_error, strengthened


def test_plain_hebb_multiplies_both_ends() -> None:
    assert strengthened(0.5, 3, 1.0, 0.01) == pytest.approx(0.53)
    assert strengthened(0.5, 0, 1.0, 0.01) == 0.5


def test_the_delta_rule_stops_where_the_answer_is_right() -> None:
    assert strengthened(0.5, 3, post_error(1.0, 0.25), 0.01) == pytest.approx(0.5225)
    assert strengthened(0.5, 3, post_error(0.0, 0.25), 0.01) == pytest.approx(0.4925)
    assert strengthened(0.5, 3, post_error(1.0, 1.0), 0.01) == 0.5
