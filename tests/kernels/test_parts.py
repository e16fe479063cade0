"""Parts of images on several threads."""

from __future__ import annotations

import threading

import pytest

from spikeoff.kernels.parts import in_parts
from spikeoff.numerics.mode import is_strict, strictly


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("n", [0, 1, 7, 8, 9])
def test_parts_cover_all_images_once_and_in_order(n: int, n_threads: int) -> None:
    parts = list(in_parts(lambda part: part, n, 4, n_threads))
    assert [k for part in parts for k in range(part.start, part.stop)] == list(range(n))
    assert all(0 < part.stop - part.start <= 4 for part in parts)


def test_as_many_parts_at_a_time_as_threads() -> None:
    together = threading.Barrier(3, timeout=60)
    names = list(in_parts(lambda _: (together.wait(), threading.get_ident())[1], 3, 1, 3))
    assert len(set(names)) == 3


def test_parts_compute_in_the_mode_of_the_caller() -> None:
    with strictly(True):
        assert list(in_parts(lambda _: is_strict(), 4, 1, 2)) == [True] * 4
    assert list(in_parts(lambda _: is_strict(), 4, 1, 2)) == [False] * 4


def test_an_error_in_a_part_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_parts(lambda part: 1 // part.start, 4, 1, 2))
