"""Three separate energy figures: measured, estimated from operation counts, and TDP x time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from rich.table import Table

from spikeoff.ledger.energy import Provenance
from spikeoff.ledger.operation_energy import EnergyTable
from spikeoff.report.groups import ranked
from spikeoff.report.verdict import cost
from spikeoff.run.run_record import RunRecord

Quantity = Literal["training", "image", "right answer"]
Way = Literal["measured", "operations", "TDP x time"]

WAYS: dict[Quantity, tuple[Way, ...]] = {
    "training": ("measured", "TDP x time"),
    "image": ("measured", "operations", "TDP x time"),
    "right answer": ("measured", "operations", "TDP x time"),
}
"""The figures reported for each quantity; the operations of training are not counted."""

NAMES: dict[Way, str] = {
    "measured": "measured", "operations": "operations", "TDP x time": "tdp"
}  # fmt: skip
"""As parts of a column's name."""

UNITS = ((1e3, "kJ"), (1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ"), (1e-9, "nJ"), (1e-12, "pJ"))


@dataclass(frozen=True)
class Amount:
    """Joules over the runs of a contender: mean and standard deviation, None where not known."""

    value: float | None
    deviation: float | None
    provenance: Provenance

    def __str__(self) -> str:
        if self.value is None:
            return "unavailable"
        scale, unit = next((one for one in UNITS if self.value >= one[0]), UNITS[-1])
        spread = "" if self.deviation is None else f" ± {_two_digits(self.deviation / scale)}"
        return f"{self.value / scale:.3g}{spread} {unit}"


def _two_digits(value: float) -> str:
    """Two significant digits, written out: 250, not 2.5e+02."""
    return f"{float(f'{value:.2g}'):g}"


@dataclass(frozen=True)
class EnergyRow:
    """Energy of one contender: training, per image and per correct answer, by each method."""

    name: str
    amounts: dict[Quantity, dict[Way, Amount]]


def energy_rows(records: Sequence[RunRecord], table: EnergyTable) -> list[EnergyRow]:
    """One row per contender, best mean test accuracy first."""
    return [
        EnergyRow(name, {
            quantity: {
                way: _amount([joules(run, quantity, way, table) for run in runs], way)
                for way in ways
            }
            for quantity, ways in WAYS.items()
        })
        for name, runs in ranked(records).items()
    ]  # fmt: skip


def joules(record: RunRecord, quantity: Quantity, way: Way, table: EnergyTable) -> float | None:
    """The joules of ``quantity`` that a run reports; None if it does not."""
    summary = record.summary
    if quantity == "right answer":
        image = joules(record, "image", way, table)
        right = float(summary["accuracy"]["test"])
        return image / right if image is not None and right > 0 else None
    if way == "operations":
        energy = cost(record.contender, [record], table).energy
        return None if energy.neurons is None else 1e-12 * energy.total
    if way == "measured":
        found = figure(summary, "training" if quantity == "training" else "inference", "measured")
        images = None if found is None else found.get("images")
    else:
        found = figure(summary, "training" if quantity == "training" else "test", "estimated")
        images = summary["data"]["n_test"]
    if found is None:
        return None
    return float(found["value"]) / (1 if quantity == "training" else images or 1)


def figure(
    summary: Mapping[str, Any], quantity: str, provenance: Provenance
) -> dict[str, Any] | None:
    """The record's entry of that quantity and provenance; older records may have none."""
    for entry in summary["energy"]:
        if (entry["quantity"], entry["provenance"]) == (quantity, provenance):
            return dict(entry)
    return None


def energy_table(records: Sequence[RunRecord], table: EnergyTable) -> Table:
    """The rows for a terminal."""
    shown = Table(title="Energy", caption=how(records, table), caption_justify="left")
    shown.add_column("\nContender", no_wrap=True)
    for quantity, ways in WAYS.items():
        for number, way in enumerate(ways):
            heading = quantity.capitalize() if number == 0 else ""
            known = way if way == "measured" else f"{way} (est.)"
            shown.add_column(f"{heading}\n{known}", justify="right")
    for row in energy_rows(records, table):
        cells = [str(amount) for ways in row.amounts.values() for amount in ways.values()]
        shown.add_row(row.name, *cells)
    return shown


def how(records: Sequence[RunRecord], table: EnergyTable) -> str:
    """How the figures came about, in a few sentences."""
    tdp = " and ".join(dict.fromkeys(f"{r.summary['config']['tdp']:g} W" for r in records))
    spread = (
        "± is the standard deviation over seeds. " if len({r.seed for r in records}) > 1 else ""
    )
    if any(record.summary["environment"].get("runs_at_a_time", 1) > 1 for record in records):
        tdp += ", as if a run had the processor to itself, though others took place at the time"
    measured = "; ".join(dict.fromkeys(_told(record.summary) for record in records))
    return (
        f"Training is the whole training; image is one inference; right answer is the energy per "
        f"image divided by the accuracy. Measured: {measured}. Operations: estimated with "
        f"{table.name}, memory access included. TDP x time: estimated with {tdp}. {spread}"
    ).strip()


def measured_how(summary: Mapping[str, Any]) -> tuple[Provenance, str]:
    """Whether inference was measured, and how, or why not."""
    measured = figure(summary, "inference", "measured")
    if measured is not None:
        return "measured", str(measured["method"])
    missing = figure(summary, "inference", "unavailable")
    return "unavailable", str(
        missing["method"]
    ) if missing else "not recorded by this earlier version"


def _told(summary: Mapping[str, Any]) -> str:
    provenance, method = measured_how(summary)
    return method if provenance == "measured" else f"unavailable, {method}"


def _amount(values: Sequence[float | None], way: Way) -> Amount:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return Amount(None, None, "unavailable")
    deviation = float(np.std(known, ddof=1)) if len(known) > 1 else None
    provenance: Provenance = "measured" if way == "measured" else "estimated"
    return Amount(float(np.mean(known)), deviation, provenance)
