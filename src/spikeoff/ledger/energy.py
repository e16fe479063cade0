"""Energy figures, each with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from spikeoff.ledger.metering import Meter, Window
from spikeoff.ledger.timing import Spread, spread

Provenance = Literal["measured", "estimated", "unavailable"]

GROSS, METERED = "energy_gross_j", "energy_metered_s"


@dataclass(frozen=True)
class EnergyFigure:
    """One figure: what, how much, and how it is known."""

    quantity: str
    value: float | None
    unit: str
    provenance: Provenance
    method: str
    scope: str


@dataclass(frozen=True)
class MeasuredEnergy(EnergyFigure):
    """What counters measured: ``value`` = ``gross`` - idle power x ``seconds``.

    images: those whose answers ``value`` covers; None of training.
    gross: with idle power (J).
    parts: ``value`` by part of the machine: cpu, dram, gpu (J).
    idle_w: idle power by counter (W), taken over ``idle_s`` seconds.
    seconds: that the work took.
    repeats: ``value`` window by window; None of training, which is done once.
    """

    images: int | None
    gross: float
    parts: Mapping[str, float]
    idle_w: Mapping[str, float]
    idle_s: float
    seconds: float
    repeats: Spread | None


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


def columns(meter: Meter, window: Window) -> dict[str, float]:
    """A window as columns of the metrics file: J above idle by part, gross, and seconds; or none.

    A window may be longer than the learning in it: checkpoints are written within.
    """
    net = {f"energy_{kind}_j": joules for kind, joules in meter.net(window).items()}
    return {**net, GROSS: window.gross, METERED: window.seconds} if net else {}


def measured_training(
    meter: Meter, stretches: Sequence[Mapping[str, float | None]]
) -> EnergyFigure:
    """Energy of training from the ``columns`` of every stretch of it."""
    scope = "learning; validation not counted"
    if meter.reason is not None:
        return _unavailable("training", meter.reason, scope)
    if any(stretch.get(GROSS) is None for stretch in stretches):
        return _unavailable("training", "a part of training was not metered", scope)
    parts: dict[str, float] = {
        kind: sum(stretch.get(f"energy_{kind}_j") or 0.0 for stretch in stretches)
        for kind in {counter.kind: None for counter in meter.counters}
    }
    gross, seconds = (sum(stretch[key] or 0.0 for stretch in stretches) for key in (GROSS, METERED))
    return _measured(meter, "training", scope, None, parts, gross, seconds, ())


def measured_inference(
    meter: Meter, windows: Sequence[tuple[Window, int]], images: int, which: str
) -> EnergyFigure:
    """Energy of answering ``images`` images once, from windows that did so several times.

    Args:
        meter: what measured them.
        windows: each with how often it answered them.
        images: how many they were.
        which: what they were, in words.
    """
    if meter.reason is not None:
        return _unavailable("inference", meter.reason, f"inference on {which} images")
    scope = f"inference on {images} {which} images at a time"
    passes = sum(times for _, times in windows)
    nets = [meter.net(window) for window, _ in windows]
    parts: dict[str, float] = {kind: sum(net[kind] for net in nets) / passes for kind in nets[0]}
    gross = sum(window.gross for window, _ in windows) / passes
    seconds = sum(window.seconds for window, _ in windows) / passes
    one_pass = [sum(net.values()) / times for net, (_, times) in zip(nets, windows, strict=True)]
    return _measured(meter, "inference", scope, images, parts, gross, seconds, one_pass)


def _measured(
    meter: Meter,
    quantity: str,
    scope: str,
    images: int | None,
    parts: Mapping[str, float],
    gross: float,
    seconds: float,
    repeats: Sequence[float],
) -> EnergyFigure:
    value = sum(parts.values())
    if value <= 0:
        return _unavailable(
            quantity,
            f"the machine drew {meter.idle.gross / meter.idle.seconds:.3g} W at rest and "
            f"{gross / seconds:.3g} W at work; other work must have disturbed one of the two",
            scope,
        )
    names = ", ".join(counter.name for counter in meter.counters)
    windows = f"{len(repeats)} windows of at least {meter.length:.3g} s, " if repeats else ""
    missing = f"; not counted: {'; '.join(meter.missing)}" if meter.missing else ""
    return MeasuredEnergy(
        quantity, value, "J", "measured",
        f"zeus {version('zeus')}: {names}; {windows}idle power over {meter.idle.seconds:.3g} s "
        f"subtracted{missing}",
        f"{scope}; whole packages and boards, other processes too",
        images, gross, parts, meter.idle_watts, meter.idle.seconds, seconds,
        spread(repeats) if repeats else None,
    )  # fmt: skip


def _unavailable(quantity: str, reason: str, scope: str) -> EnergyFigure:
    return EnergyFigure(quantity, None, "J", "unavailable", reason, scope)
