"""Latency coding: a pixel fires once, and the brighter it is, the earlier.

With x = pixel value / 255 and T steps, counted from 0, a pixel fires at the step nearest to

    linear         (T - 1) (1 - x)
    logarithmic    (T - 1) g(x) / g(x_min),  g(x) = ln(x / (x - THRESHOLD))

where x_min = 3 / 255 is the darkest value above the threshold; it fires at the last step. Darker
pixels never fire. The logarithm is the time that a leaky membrane under the constant current x
takes to reach THRESHOLD. It puts most grey values into the first steps.

Source: J. K. Eshraghian et al., "Training spiking neural networks using lessons from deep
learning", Proceedings of the IEEE 111(9), 2023; snnTorch's ``spikegen.latency``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeoff.numerics.functions import log

THRESHOLD = 0.01
"""Of a pixel's brightness, 0 to 1: below it, a pixel does not fire."""


def latency_linear(n_steps: int) -> NDArray[np.int64]:
    """[256] the step at which a pixel of each value fires; ``n_steps`` for never."""
    brightness = np.arange(256) / 255
    return _steps(1 - brightness, n_steps)


def latency_log(n_steps: int) -> NDArray[np.int64]:
    """The same with logarithmic times."""
    brightness = np.arange(256) / 255
    lit = np.maximum(brightness, brightness[brightness > THRESHOLD].min())
    delay = log(lit / (lit - THRESHOLD))
    return _steps(delay / delay[0], n_steps)


def _steps(time: NDArray[np.float64], n_steps: int) -> NDArray[np.int64]:
    """The nearest step of a time from 0 to 1; never below the threshold."""
    step = np.rint((n_steps - 1) * time).astype(np.int64)
    step[np.arange(256) / 255 <= THRESHOLD] = n_steps
    return step
