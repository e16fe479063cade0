"""Memory of this process and of its device."""

from __future__ import annotations

import sys

import psutil


def resident_bytes() -> int:
    """Memory that the process holds now."""
    return int(psutil.Process().memory_info().rss)


def peak_resident_bytes() -> int:
    """The most memory that the process held since it started."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource  # noqa: PLC0415 (not on Windows)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def peak_device_bytes(device: str) -> int | None:
    """The most memory that PyTorch held on a GPU; None on the CPU and where it is not known."""
    if not device.startswith("cuda"):
        return None
    import torch  # noqa: PLC0415 (already loaded by whoever has a device)

    return int(torch.cuda.max_memory_allocated())
