"""Philox against the known answers of its authors, and one implementation against another."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeoff.coding.philox import philox4x32
from spikeoff.kernels.jit import jitable

# The known-answer vectors that the generator's authors publish with Random123 (kat_vectors).
KNOWN = [
    (
        (0, 0, 0, 0, 0, 0),
        (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    ),
    (
        (0xFFFFFFFF,) * 6,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]

jitable(philox4x32)


@numba.njit
def compiled(words: Any) -> Any:
    return philox4x32(words[0], words[1], words[2], words[3], words[4], words[5])


@pytest.mark.parametrize(("words", "expected"), KNOWN)
def test_known_answers(words: tuple[int, ...], expected: tuple[int, ...]) -> None:
    arrays = [np.array([word], np.int64) for word in words]
    assert tuple(int(word[0]) for word in philox4x32(*arrays)) == expected


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6))
def test_numpy_numba_and_torch_agree_bit_for_bit(words: list[int]) -> None:
    by_numpy = [int(w[0]) for w in philox4x32(*(np.array([w], np.int64) for w in words))]
    by_torch = [int(w) for w in philox4x32(*(torch.tensor(w) for w in words))]
    by_numba = [int(w) for w in compiled(np.array(words, np.int64))]
    assert by_numpy == by_torch == by_numba
    assert all(0 <= word < 2**32 for word in by_numpy)
