"""Operations that equations need and that every language spells in its own way.

Each takes Python and NumPy scalars, NumPy arrays and PyTorch tensors. ``kernels.neuron_models``
gives Numba the same names, ``contenders.gradient.triton.triton_jit`` gives them to Triton.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def at_least(x: Any, low: Any) -> Any:
    """The larger of ``x`` and ``low``."""
    if hasattr(x, "clamp"):
        return x.clamp(min=low)
    return np.maximum(x, low) if isinstance(x, np.ndarray) else max(x, low)


def at_most(x: Any, high: Any) -> Any:
    """The smaller of ``x`` and ``high``."""
    if hasattr(x, "clamp"):
        return x.clamp(max=high)
    return np.minimum(x, high) if isinstance(x, np.ndarray) else min(x, high)


def select(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``, which is an array or tensor if it is one."""
    if hasattr(b, "where"):
        return b.where(~condition, a)
    return np.where(condition, a, b) if isinstance(condition, np.ndarray) else a if condition else b
