"""Philox4x32-10: random numbers that are a pure function of a counter and a key.

Written as plain integer arithmetic, so that NumPy arrays, PyTorch tensors (any device) and
Numba scalars run the same lines and get the same bits. A counter-based generator has no state
to save, and any number can be computed without those before it.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy
as 1, 2, 3", SC11 (2011).
"""

from __future__ import annotations

from typing import Any

MASK32 = 0xFFFFFFFF
MULTIPLIER_0 = 0xD2511F53
MULTIPLIER_1 = 0xCD9E8D57
WEYL_0 = 0x9E3779B9
WEYL_1 = 0xBB67AE85
ROUNDS = 10


def philox4x32(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> tuple[Any, Any, Any, Any]:
    """Four random 32-bit words for a counter of four words and a key of two.

    Every word is an int64 in [0, 2^32). The 64-bit products wrap around, which leaves their bits
    right: the high half is read by an arithmetic shift and a mask.

    Args:
        c0, c1, c2, c3: the counter; integers, arrays or tensors that broadcast together.
        k0, k1: the key.

    Returns:
        Four int64 words of the broadcast shape, each in [0, 2^32).
    """
    for _ in range(ROUNDS):
        product_0 = c0 * MULTIPLIER_0
        product_1 = c2 * MULTIPLIER_1
        c0, c1, c2, c3 = (
            ((product_1 >> 32) & MASK32) ^ c1 ^ k0,
            product_1 & MASK32,
            ((product_0 >> 32) & MASK32) ^ c3 ^ k1,
            product_0 & MASK32,
        )
        k0 = (k0 + WEYL_0) & MASK32
        k1 = (k1 + WEYL_1) & MASK32
    return c0, c1, c2, c3
