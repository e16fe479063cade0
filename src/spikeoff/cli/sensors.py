"""``spikeoff sensors``: the energy sensors of this machine."""

from __future__ import annotations


def sensors(seconds: float = 2.0) -> int:
    """List the energy sensors of this machine, their power now, and why others are missing.

    Args:
        seconds: time (s) over which power is averaged.
    """
    from spikeoff.console import output_console
    from spikeoff.contenders.base import MAX_MEASURING, require
    from spikeoff.report.sensor_table import tell_sensors

    require("seconds", seconds, 0 < seconds <= MAX_MEASURING, f"above 0, to {MAX_MEASURING} s")
    tell_sensors(seconds, output_console())
    return 0
