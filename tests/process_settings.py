"""What belongs to the caller of spikeoff: no call may change it."""

from __future__ import annotations

import random
import signal
import sys
import warnings
from typing import Any

import matplotlib as mpl
import numpy as np
import torch

from spikeoff.kernels import jit


def process_settings() -> dict[str, Any]:
    """What belongs to the caller."""
    state: Any = np.random.get_state()  # noqa: NPY002 (the global generator is meant)
    return {
        "numpy": (state[0], state[1].tolist(), *state[2:]),
        "random": random.getstate(),
        "torch": torch.get_rng_state().tolist(),
        "threads": (torch.get_num_threads(), jit.threads()),
        "deterministic": (
            torch.get_deterministic_debug_mode(),
            torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
        ),
        "warnings": list(warnings.filters),
        "signals": {one: signal.getsignal(one) for one in signal.valid_signals()},
        "style": dict(dict.items(mpl.rcParams)),  # with the backend, without choosing one
        "pyplot": "matplotlib.pyplot" in sys.modules,
    }
