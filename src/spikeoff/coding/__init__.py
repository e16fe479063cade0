"""Pixels to spikes, as pure functions of who, what and when.

rate     a spike or none at every step, in a dense array: for networks that run by batches
poisson  the times of a pixel's spikes: for networks that run by events
"""

from spikeoff.coding.rate import (
    EVALUATION,
    LEVELS,
    STEPS_PER_BLOCK,
    block_words,
    rate_code,
    rate_code_torch,
    step_draw,
    thresholds,
    word_draw,
)

__all__ = [
    "EVALUATION",
    "LEVELS",
    "STEPS_PER_BLOCK",
    "block_words",
    "rate_code",
    "rate_code_torch",
    "step_draw",
    "thresholds",
    "word_draw",
]
