"""Can the Triton kernels run on this machine? They are tried out before they are used."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

import torch

OLDEST = (8, 0)
"""The compute capability from which Triton supports NVIDIA's GPUs."""


@cache
def trouble(device: str) -> str | None:
    """Why the kernels cannot be used on ``device``; None where they can.

    They are compiled and tried there, on a few neurons against PyTorch's autograd.
    """
    if device != "cuda" or torch.version.hip:
        return "the fused ones are for NVIDIA's GPUs"
    capability = torch.cuda.get_device_capability()
    if capability < OLDEST:
        return f"this GPU has compute capability {'.'.join(map(str, capability))}, below 8.0"
    if find_spec("triton") is None:
        return "Triton is not installed"
    try:
        differ = import_module("spikeoff.contenders.gradient.triton.self_check").differences(device)
    except Exception as error:  # a compiler's own, whichever: training can go on without it
        lines = str(error).splitlines() or [""]
        return f"Triton's failed here ({type(error).__name__}: {lines[0]})"
    return f"Triton's compute something else here ({', '.join(differ)})" if differ else None
