"""Operation counts of equations, against counts by hand."""

from __future__ import annotations

from typing import Any

from spikeoff.learning.stdp import depressed
from spikeoff.neurons.arithmetic import Arithmetic, count
from spikeoff.neurons.cost import update_cost


def test_an_expression_counts_what_stands_in_it() -> None:
    def equation(x: Any, y: Any) -> Any:
        return (2 * x * x - y / 3 + 1) > (1 - y)

    assert count(equation, 1.0, 2.0) == Arithmetic(multiplications=2, additions=4, divisions=1)


def test_a_maximum_costs_a_comparison() -> None:
    # w - nu post1, held against 0; nu and the bound are constants
    cost = count(lambda w, post1: depressed(w, post1, 0.1, 0.0), 0.5, 1.0)
    assert cost == Arithmetic(multiplications=1, additions=2, divisions=0)


def test_an_izhikevich_update_by_hand() -> None:
    # 0.04 v v + 5 v + 140 - u + I; a (b v - u); two Euler steps; the peak
    cost = update_cost("izhikevich")
    assert cost.arithmetic == Arithmetic(
        multiplications=3 + 2 + 2, additions=4 + 1 + 2 + 1, divisions=0
    )
    assert cost.words == 2


def test_a_conductance_update_divides_once_and_costs_more() -> None:
    cost, other = update_cost("conductance-lif"), update_cost("izhikevich")
    assert cost.arithmetic.divisions == 1
    assert cost.arithmetic.multiplications > 2 * other.arithmetic.multiplications
    assert cost.words == 3
