"""Energy of operations at 45 nm and 0.9 V (pJ), and what an access costs by the memory's size.

Sources: M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014, for
arithmetic and 64-bit accesses; E. Lemaire et al., "An analytical estimation of spiking neural
networks energy efficiency", ICONIP 2022, for the interpolation, with the points of SpikingJelly
2.0.0.
"""

from __future__ import annotations

from itertools import pairwise

FP32_ADD, FP32_MULTIPLY = 0.9, 3.7
INT32_ADD, INT32_MULTIPLY = 0.1, 3.1
INT8_ADD, INT8_MULTIPLY = 0.03, 0.2

MULTIPLICATIONS_PER_DIVISION = 4
"""Assumed; Horowitz lists no division."""

WORD = 4
"""Bytes of a 32-bit number."""

POINTS = ((0.0, 0.0), (8192.0, 10.0), (32768.0, 20.0), (1048576.0, 100.0))
"""(bytes of the memory, pJ per access of 32 bits); between them linear, then constant."""


def interpolated(held_bytes: float, points: tuple[tuple[float, float], ...] = POINTS) -> float:
    """pJ per access of 32 bits to a memory of so many bytes, without a step at any size."""
    for (low, cheap), (high, dear) in pairwise(points):
        if held_bytes <= high:
            return cheap + (dear - cheap) * (held_bytes - low) / (high - low)
    return points[-1][1]
