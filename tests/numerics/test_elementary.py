"""Our exponential, logarithm, sine and cosine against mpmath's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from spikeoff.kernels import elementary_functions  # noqa: F401 (lets kernels call them)
from spikeoff.kernels.jit import serial_kernel
from spikeoff.numerics import elementary, functions
from spikeoff.numerics.mode import strictly
from spikeoff.numerics.normal import standard_normal

RNG = np.random.default_rng(1)
NEGATIVE = np.concatenate([RNG.uniform(-700, 0, 1000), RNG.uniform(-1, 1, 1000), [0.0]])
POSITIVE = np.concatenate([RNG.random(1000), 10.0 ** RNG.uniform(-300, 300, 1000), [1.0]])
SHARES = -np.concatenate([RNG.random(1000), 10.0 ** RNG.uniform(-20, -0.1, 1000)])
ANGLES = np.concatenate([RNG.uniform(-math.pi, math.pi, 1000), [0, math.pi, -math.pi, math.pi / 2]])

CASES: list[tuple[Callable[[Any], Any], Any, Any, float]] = [
    (elementary.exp, mpmath.exp, NEGATIVE, 1.0),
    (elementary.log, mpmath.log, POSITIVE, 1.0),
    (elementary.log1p, mpmath.log1p, SHARES, 2.0),
]


@pytest.mark.parametrize(("ours", "exact", "places", "bound"), CASES)
def test_within_ulps_of_the_exact_value(ours: Any, exact: Any, places: Any, bound: float) -> None:
    with mpmath.workprec(200):
        for x in places.tolist():
            expected = exact(mpmath.mpf(x))
            assert abs(mpmath.mpf(ours(x)) - expected) <= bound * math.ulp(float(expected)), x


@pytest.mark.parametrize(
    ("ours", "exact"), [(elementary.sin, mpmath.sin), (elementary.cos, mpmath.cos)]
)
def test_sine_and_cosine_are_exact_to_2_to_the_minus_52(ours: Any, exact: Any) -> None:
    with mpmath.workprec(200):
        for x in ANGLES.tolist():
            assert abs(mpmath.mpf(ours(x)) - exact(mpmath.mpf(x))) <= 2.0**-52, x


def test_the_exponential_of_what_is_far_below_0_is_0() -> None:
    assert elementary.exp(-1e30) == 0.0
    assert elementary.exp(-745.2) == 0.0 < elementary.exp(-744.0)


@pytest.mark.parametrize(("n", "expected"), [(0, 1.0), (1, 0.5), (10, 2.0**-10), (37, 2.0**-37)])
def test_powers(n: int, expected: float) -> None:
    assert elementary.power(0.5, n) == expected


@pytest.mark.parametrize(
    ("function", "places"), [(elementary.exp, NEGATIVE), (elementary.log, POSITIVE)]
)
def test_arrays_have_the_bits_of_numbers(function: Any, places: Any) -> None:
    assert np.array_equal(function(places), [function(x) for x in places.tolist()])


@serial_kernel
def compiled(values: Any, out: Any) -> None:
    for k in range(len(values)):
        x = values[k]
        out[0, k] = functions.exp(-x)
        out[1, k] = functions.log(x)
        out[2, k] = functions.log1p(-x / 4)
        out[3, k] = functions.sin(x)
        out[4, k] = functions.cos(-x)
        out[5, k] = functions.power(x, k % 9)


@pytest.mark.parametrize("strict", [False, True])
def test_kernels_compute_what_python_does(strict: bool) -> None:
    values = RNG.uniform(0.1, 3, 200)
    out = np.empty((6, 200))
    with strictly(strict):
        compiled(values, out)
        for k, x in enumerate(values.tolist()):
            expected = (
                functions.exp(-x), functions.log(x), functions.log1p(-x / 4), functions.sin(x),
                functions.cos(-x), functions.power(x, k % 9),
            )  # fmt: skip
            assert out[:, k] == pytest.approx(expected, rel=0 if strict else 1e-14, abs=0)


def test_normal_numbers() -> None:
    drawn = standard_normal(np.random.default_rng(3), (200, 500))
    assert drawn.shape == (200, 500)
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 1) < 0.01
    assert abs((abs(drawn) < 1.959964).mean() - 0.95) < 0.005
