"""Operation counts of equations, against counts by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spikeoff.learning.stdp import depressed
from spikeoff.neurons.arithmetic import Arithmetic, count
from spikeoff.neurons.cost import update_cost


def test_an_expression_counts_what_stands_in_it() -> None:
    def equation(x: Any, y: Any) -> Any:
        return (2 * x * x - y / 3 + 1) > (1 - y)

    assert count(equation) == Arithmetic(multiplications=2, additions=4, divisions=1)


def test_a_maximum_costs_a_comparison() -> None:
    # w - nu post1, held against 0; nu and the bound are constants
    cost = count(lambda w, post1: depressed(w, post1, 0.1, 0.0))
    assert cost == Arithmetic(multiplications=1, additions=2, divisions=0)


@pytest.mark.parametrize(
    ("operation", "of_one", "expected"),
    [
        (lambda x: x + 2, 3, Arithmetic(0, 1, 0)),
        (lambda x: 2 + x, 3, Arithmetic(0, 1, 0)),
        (lambda x: x - 3, -2, Arithmetic(0, 1, 0)),
        (lambda x: 3 - x, 2, Arithmetic(0, 1, 0)),
        (lambda x: x * 4, 4, Arithmetic(1, 0, 0)),
        (lambda x: 4 * x, 4, Arithmetic(1, 0, 0)),
        (lambda x: x / 4, 0.25, Arithmetic(0, 0, 1)),
        (lambda x: 4 / x, 4, Arithmetic(0, 0, 1)),
        *((lambda x, y=y: x > y, y < 1, Arithmetic(0, 1, 0)) for y in (0, 1, 2)),
        *((lambda x, y=y: x >= y, y <= 1, Arithmetic(0, 1, 0)) for y in (0, 1, 2)),
        *((lambda x, y=y: x < y, y > 1, Arithmetic(0, 1, 0)) for y in (0, 1, 2)),
    ],
)
def test_an_operation_counts_once_and_gives_what_it_gives_of_numbers(
    operation: Callable[..., Any], of_one: float, expected: Arithmetic
) -> None:
    found: list[Any] = []
    assert count(lambda x: found.append(operation(x))) == expected
    (value,) = found
    assert (value > of_one, value >= of_one) == (False, True)


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
