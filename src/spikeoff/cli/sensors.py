"""``spikeoff sensors``: what this machine can measure energy by."""

from __future__ import annotations


def sensors(seconds: float = 2.0) -> int:
    """Tell which energy sensors this machine has, what they read now, and why others are missing.

    Args:
        seconds: time over which power is read (s).
    """
    from spikeoff.console import output_console
    from spikeoff.contenders.base import MAX_MEASURING, require
    from spikeoff.report.sensor_table import tell_sensors

    require("seconds", seconds, 0 < seconds <= MAX_MEASURING, f"above 0, to {MAX_MEASURING} s")
    tell_sensors(seconds, output_console())
    return 0
