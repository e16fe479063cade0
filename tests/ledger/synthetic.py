"""A world whose time passes when it is told to, and whose power is known."""

from __future__ import annotations

from collections.abc import Callable

from spikeoff.ledger.sensors import Counter, Kind


class World:
    """Draws ``idle`` W always and ``busy`` W more while it works."""

    def __init__(self, idle: float, busy: float) -> None:
        self.now, self.idle, self.busy = 0.0, idle, busy
        self.joules = 0.0
        self.slept = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self._pass(seconds, self.idle)

    def work(self, seconds: float) -> None:
        self._pass(seconds, self.idle + self.busy)

    def _pass(self, seconds: float, watts: float) -> None:
        self.now += seconds
        self.joules += watts * seconds

    def counter(
        self,
        kind: Kind = "cpu",
        share: float = 1.0,
        wraps_at: float = float("inf"),
        read: Callable[[], float] | None = None,
    ) -> Counter:
        """Counts a share of what is drawn."""

        def count() -> float:
            return share * self.joules if wraps_at == float("inf") else (
                share * self.joules % wraps_at
            )  # fmt: skip

        return Counter(f"{kind} of the world", kind, read or count, wraps_at)
