"""Energy figures, each with where it comes from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Provenance = Literal["measured", "estimated", "unavailable"]


@dataclass(frozen=True)
class EnergyFigure:
    """One figure: what, how much, and how it is known."""

    quantity: str
    value: float | None
    unit: str
    provenance: Provenance
    method: str
    scope: str

    def record(self) -> dict[str, Any]:
        """The figure as it stands in ``summary.json``."""
        return asdict(self)


def from_tdp(quantity: str, seconds: float, tdp: float, scope: str) -> EnergyFigure:
    """Thermal design power times run time: what the hardware would draw at its rated limit.

    It ranks networks by run time alone; it is not a measurement.

    Args:
        quantity: what the figure is of.
        seconds: run time (s).
        tdp: thermal design power (W).
        scope: what ran in that time.
    """
    return EnergyFigure(quantity, seconds * tdp, "J", "estimated", f"TDP x time, {tdp:g} W", scope)
