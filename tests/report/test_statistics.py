"""Intervals and tests against published formulas and SciPy."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from spikeoff.report.statistics import accuracy_interval, compare_pairs, holm
from spikeoff.run.run_record import RunRecord

LABELS = np.arange(200, dtype=np.uint8) % 10


def run(seed: int, wrong: list[int]) -> RunRecord:
    answers = LABELS.copy()
    answers[wrong] = (answers[wrong] + 1) % 10
    return RunRecord(Path("x"), {"seed": seed}, [], LABELS, answers)


@given(st.integers(0, 200))
def test_one_seed_has_wilsons_interval(wrong: int) -> None:
    n, z = 200, stats.norm.ppf(0.975)
    p = 1 - wrong / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = accuracy_interval([run(0, list(range(wrong)))])
    assert low == pytest.approx(max(0, centre - half), abs=1e-12)
    assert high == pytest.approx(min(1, centre + half), abs=1e-12)


def test_several_seeds_have_students_interval_of_their_mean() -> None:
    rates = [0.9, 0.92, 0.97]
    records = [run(seed, list(range(round(200 * (1 - r))))) for seed, r in enumerate(rates)]
    expected = stats.t.interval(0.95, 2, np.mean(rates), stats.sem(rates))
    assert accuracy_interval(records) == pytest.approx(expected)


def test_one_seed_is_compared_by_mcnemars_exact_test() -> None:
    first, second = run(0, list(range(4))), run(0, list(range(2, 20)))
    pair = compare_pairs({"a": [first], "b": [second]})[0]
    assert (pair.better_first, pair.better_second) == (16, 2)
    assert pair.p == pytest.approx(2 * stats.binom.cdf(2, 18, 0.5))
    assert pair.differ


def test_seeds_are_paired_and_images_count_once() -> None:
    first = [run(0, [0, 1]), run(1, [0, 2])]
    second = [run(1, [0, 1, 2, 3]), run(0, [0, 3]), run(7, list(range(100)))]
    pair = compare_pairs({"a": first, "b": second})[0]
    # image 1: once each; image 2: once in each; image 3: two times right against none
    assert (pair.better_first, pair.better_second) == (1, 0)
    assert pair.p == 1


def test_equal_answers_are_level_and_strangers_are_left_out() -> None:
    same = run(0, [1])
    stranger = replace(same, summary={"seed": 5})
    pairs = compare_pairs({"a": [same], "c": [stranger], "b": [same]})
    assert [(pair.first, pair.second, pair.p) for pair in pairs] == [("a", "b", 1.0)]
    assert not pairs[0].differ


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_none_and_bonferroni_and_keeps_the_order(p_values: list[float]) -> None:
    corrected = holm(p_values)
    for p, c in zip(p_values, corrected, strict=True):
        assert p <= c <= min(1.0, len(p_values) * p) + 1e-12
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(np.array(corrected)[order]) >= 0).all()
