"""Measured energy per MNIST image on published chips, to hold estimates against.

What a row includes differs: input and output, idle power, leakage, the host. An estimate below all
of them leaves something out.

Sources: P. Whatmough et al., IEEE Journal of Solid-State Circuits 2018 (DNN Engine); A. Renner et
al., "The backpropagation algorithm implemented on spiking neuromorphic hardware", Nature
Communications 2024, s41467-024-53827-9, table 1, for all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spikeoff.ledger.energy_models.base import NotAvailableError
from spikeoff.ledger.energy_models.registry import find, models
from spikeoff.report.networks import network_of
from spikeoff.report.pairing import Groups
from spikeoff.run.run_record import RunRecord

RENNER = "Renner et al., Nature Communications 2024, table 1"


@dataclass(frozen=True)
class Chip:
    """A published measurement.

    energy: per image (µJ).
    accuracy: test accuracy (%).
    """

    name: str
    network: str
    spiking: bool
    accuracy: str
    energy: str
    source: str


CHIPS = (
    Chip("DNN Engine, 28 nm", "fully connected", False, "98.36", "0.36",
         "Whatmough et al., IEEE JSSC 2018, at 667 MHz"),
    Chip("SPOON", "convolutional", True, "97.5", "0.313", RENNER),
    Chip("TrueNorth", "small / large", True, "92.7 / 99.4", "0.27 / 108", RENNER),
    Chip("Chen 2018", "784-1024-512-10", True, "97.9", "1.7", RENNER),
    Chip("Loihi", "400-400-10", True, "96.3", "2.5", RENNER),
    Chip("BrainScaleS-2", "256-246-10", True, "96.9", "8.4", RENNER),
    Chip("Loihi", "1920-10", True, "96.4", "12.8", "Lin et al. 2018, in Renner et al. 2024"),
    Chip("Loihi", "convolutional", True, "94.7", "2,470",
         "Shrestha et al. 2021, in Renner et al. 2024"),
    Chip("SpiNNaker", "784-500-500-10", True, "95", "3,300", RENNER),
)  # fmt: skip

WARNING = (
    "Measured and estimated energies include different things: input and output, idle power and "
    "leakage are in some of the measurements and in none of the estimates. Compare orders of "
    "magnitude. No measured row above 97 % lies below 0.3 µJ; an estimate far below leaves "
    "something out. The constants of Loihi price spiking networks only."
)


def chip_rows(groups: Groups) -> list[dict[str, str]]:
    """Published chips, then our contenders with the range of the models."""
    rows = [
        _row(f"{one.name}, {one.network}", "spiking" if one.spiking else "conventional",
             one.accuracy, one.energy, one.source)
        for one in CHIPS
    ]  # fmt: skip
    return rows + [row for name, runs in groups.items() if (row := _estimate(name, runs))]


def _estimate(name: str, runs: Sequence[RunRecord]) -> dict[str, str] | None:
    """A contender's energy by the models with joules; None where no model applies."""
    known = [one for one in models() if one.unit == "pJ" and one.counted]
    found = {one.name: _microjoules(one.name, runs) for one in known}
    values = sorted(value for value in found.values() if value is not None)
    if not values:
        return None
    accuracy = 100 * float(np.mean([run.summary["accuracy"]["test"] for run in runs]))
    spiking = bool(runs[0].summary["spiking"])
    text = f"{_plain(values[0])} to {_plain(values[-1])} (est.)"
    loihi = _microjoules("loihi", runs) if spiking else None
    how = f"estimated, {len(values)} models" + (
        "" if loihi is None else f"; {_plain(loihi)} with the constants of Loihi"
    )
    return _row(name, "spiking" if spiking else "conventional", f"{accuracy:.2f}", text, how)


def _row(name: str, kind: str, accuracy: str, energy: str, source: str) -> dict[str, str]:
    return {
        "Chip or contender": name, "Network": kind, "Test accuracy (%)": accuracy,
        "Energy per image (µJ)": energy, "Source": source,
    }  # fmt: skip


def _microjoules(model: str, runs: Sequence[RunRecord]) -> float | None:
    try:
        return float(np.mean([find(model).total(network_of(run)) for run in runs])) / 1e6
    except NotAvailableError:
        return None


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
