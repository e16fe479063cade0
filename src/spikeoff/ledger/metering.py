"""Adds up energy counters over stretches of work, beside the time that they took.

    gross = sum of a counter's rises over the stretch, a fall being a rise past where it wraps
    net   = gross - idle power x seconds

Idle power is what the same counters rose by while the process slept. Counters are of whole
packages and boards: what other processes do meanwhile is counted too.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from spikeoff.ledger.sensors import WINDOW, Counter, Kind, SensorError, Sensors

REPEATS = 5
"""Windows in which the same work is metered."""

SETTLE = 1.0
"""Seconds of sleep before idle power is taken, for clocks to come down."""

LOOK_EVERY = 5.0
"""Seconds between two looks at the counters in a long stretch: none wraps twice in that time."""

Joules = dict[str, float]


@dataclass
class Window:
    """A stretch of work: how long it took (s), and what each counter rose by (J)."""

    seconds: float = 0.0
    joules: Joules = field(default_factory=dict)

    @property
    def gross(self) -> float:
        """All counters together (J)."""
        return sum(self.joules.values())


class Tally:
    """What each counter rose by since this was made."""

    def __init__(self, counters: Sequence[Counter]) -> None:
        self._counters = counters
        self._last = [counter.read() for counter in counters]
        self.joules: Joules = {counter.name: 0.0 for counter in counters}

    def look(self) -> None:
        """Add what was drawn since the last look; a counter may wrap once between two."""
        for number, counter in enumerate(self._counters):
            now = counter.read()
            rise = now - self._last[number]
            if rise < 0:
                rise += counter.wraps_at
            if rise < 0 or not math.isfinite(rise):
                raise SensorError(f"{counter.name} went back from {self._last[number]} to {now} J")
            self._last[number] = now
            self.joules[counter.name] += rise


class Meter:
    """Measures windows of work; without a counter, their time alone.

    reason: why no energy is reported, None while it is.
    idle: the window in which the machine did nothing.
    length: seconds that a window of repeated work should last at least.
    """

    def __init__(
        self,
        sensors: Sensors,
        needed: Kind,
        most_seconds: float,
        *,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make a meter; it measures nothing before ``rest``.

        Args:
            sensors: the counters.
            needed: the kind of counter without which the energy would not be that of the work.
            most_seconds: what ``rest`` and ``repeat`` may take, about; 0 switches energy off.
            clock: tells time (s).
            sleep: waits so many seconds.
        """
        self._clock, self._sleep = clock, sleep
        self.counters = sensors.counters
        self.missing = sensors.missing
        self.reason = sensors.lacks(needed) if most_seconds else "switched off (energy_seconds 0)"
        wanted = max((WINDOW[counter.kind] for counter in self.counters), default=0.0)
        self.length = min(wanted, most_seconds / (REPEATS + 1))
        self.idle = Window()

    def rest(self) -> None:
        """Measure idle power, asleep; takes no time where no energy is measured."""
        if self.reason is None:
            self._sleep(SETTLE)
            with self.window() as self.idle:
                self._sleep(self.length)

    @contextmanager
    def window(self) -> Iterator[Window]:
        """Time and energy of what is done inside; they are there once it is left."""
        window = Window()
        with self._counting(window):
            start = self._clock()
            try:
                yield window
            finally:
                window.seconds = self._clock() - start

    def repeat(self, work: Callable[[], object]) -> list[tuple[Window, int]]:
        """``REPEATS`` windows of ``length`` or longer, each with how often it did ``work``."""
        result = []
        for _ in range(REPEATS if self.reason is None else 0):
            times = 0
            with self.window() as window:
                start = self._clock()
                while times == 0 or self._clock() - start < self.length:
                    work()
                    times += 1
            result.append((window, times))
        return result

    def net(self, window: Window) -> dict[Kind, float]:
        """Energy above idle (J), by part of the machine; empty where none is measured."""
        parts: dict[Kind, float] = {}
        if self.reason is None:
            for counter in self.counters:
                above = window.joules[counter.name] - self.idle_watts[counter.name] * window.seconds
                parts[counter.kind] = parts.get(counter.kind, 0.0) + above
        return parts

    @property
    def idle_watts(self) -> dict[str, float]:
        """Idle power of each counter (W)."""
        return {name: joules / self.idle.seconds for name, joules in self.idle.joules.items()}

    @contextmanager
    def _counting(self, window: Window) -> Iterator[None]:
        """Let the counters fill the window, where there are some."""
        tally = self._begin()
        if tally is None:
            yield
            return
        stop = threading.Event()
        watch = threading.Thread(target=self._watch, args=(tally, stop), daemon=True)
        watch.start()
        try:
            yield
        finally:
            stop.set()
            watch.join()
            self._look(tally)
            window.joules = tally.joules

    def _begin(self) -> Tally | None:
        try:
            return Tally(self.counters) if self.reason is None else None
        except SensorError as error:
            self.reason = f"a sensor failed: {error}"
            return None

    def _look(self, tally: Tally) -> None:
        try:
            tally.look()
        except SensorError as error:
            self.reason = f"a sensor failed: {error}"

    def _watch(self, tally: Tally, stop: threading.Event) -> None:
        while not stop.wait(LOOK_EVERY) and self.reason is None:
            self._look(tally)
