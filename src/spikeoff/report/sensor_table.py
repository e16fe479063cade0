"""The machine's energy sensors, as a table for a terminal."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from spikeoff.ledger.metering import Tally
from spikeoff.ledger.sensors import Counter, SensorError, gpu_sensors, processor_sensors


def tell_sensors(seconds: float, console: Console) -> None:
    """Print each counter with the power it tells over ``seconds``, and what is missing and why."""
    found = [processor_sensors(), gpu_sensors()]
    counters = [counter for sensors in found for counter in sensors.counters]
    missing = [reason for sensors in found for reason in sensors.missing]
    if counters:
        try:
            console.print(_table(counters, seconds))
        except SensorError as error:
            missing.append(str(error))
    else:
        console.print("No energy sensor: measured energy is reported as unavailable.")
    for reason in missing:
        console.print(reason, highlight=False, soft_wrap=True)


def _table(counters: Sequence[Counter], seconds: float) -> Table:
    tally = Tally(counters)
    start = time.perf_counter()
    time.sleep(seconds)
    tally.look()
    seconds = time.perf_counter() - start
    table = Table(title="Energy sensors")
    table.add_column("Counter")
    table.add_column(f"Power (W, over {seconds:.3g} s)", justify="right")
    table.add_column("Wraps at (J)", justify="right")
    for counter in counters:
        wraps = f"{counter.wraps_at:,.0f}" if math.isfinite(counter.wraps_at) else "never"
        table.add_row(counter.name, f"{tally.joules[counter.name] / seconds:.1f}", wraps)
    return table
