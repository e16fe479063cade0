"""Pixels to spikes, as pure functions of who, what and when.

rate            a spike or none at every step, at random
poisson         a Poisson process: step by step, or as the times of a pixel's spikes
latency         one spike per pixel, the brighter the earlier
levels          one spike per pixel, at the first of falling thresholds that it exceeds
input_coding    these by name, and a constant current
"""

from spikeoff.coding.input_coding import CodingName, InputCoding
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
    "CodingName",
    "InputCoding",
    "block_words",
    "rate_code",
    "rate_code_torch",
    "step_draw",
    "thresholds",
    "word_draw",
]
