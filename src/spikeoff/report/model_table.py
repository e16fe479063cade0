"""The matrix of pairs by energy models, as text: for the page, the terminal and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from spikeoff.ledger.energy_models.base import EnergyModel
from spikeoff.ledger.energy_models.registry import models
from spikeoff.report.model_ratios import SIGNS, PairRatios, Ratio
from spikeoff.report.verdict import times

BILLED = {"stored": "", "dense": ", both as dense matrices"}

CAPTION = (
    "Energy of the spiking network over that of its twin: with the twin's zeros skipped, then with "
    "everything computed. ✓ it saves energy against both; ≈ only against a twin that skips no "
    "zeros; ✗ against neither. Models in brackets are variants and are not counted."
)


@dataclass(frozen=True)
class MatrixCell:
    """A pair under a model: the two ratios, and the sign as a mark and a word."""

    skipping: str
    dense: str
    mark: str
    sign: str
    why: str


@dataclass(frozen=True)
class MatrixColumn:
    """A pair and its cells; ``agree`` says how many of the counted models see a saving."""

    spiking: str
    twin: str
    note: str
    agree: str
    cells: list[MatrixCell]


@dataclass(frozen=True)
class Matrix:
    """Models by pairs."""

    models: list[str]
    columns: list[MatrixColumn]


def matrix(pairs: Sequence[PairRatios]) -> Matrix | None:
    """The matrix; None where there is no pair."""
    if not pairs:
        return None
    names = [one.model if one.counted else f"({one.model})" for one in pairs[0].ratios]
    return Matrix(names, [_column(pair) for pair in pairs])


def terminal_matrix(pairs: Sequence[PairRatios]) -> Table | None:
    """The matrix for a terminal."""
    found = matrix(pairs)
    if found is None:
        return None
    table = Table(title="Energy models", caption=CAPTION, caption_justify="left")
    table.add_column("Model", no_wrap=True)
    for column in found.columns:
        table.add_column(f"{column.spiking}\n: {column.twin}{column.note}", justify="right")
    for number, name in enumerate(found.models):
        cells = [column.cells[number] for column in found.columns]
        table.add_row(name, *(_plain(cell) for cell in cells))
    table.add_section()
    table.add_row("save energy", *(column.agree for column in found.columns))
    return table


def model_rows() -> list[dict[str, str]]:
    """All models: what each charges and where it is from."""
    return [
        {"Model": one.name, "Charges": one.charges, "Source": one.source, "Counted": _counted(one)}
        for one in models()
    ]


def _counted(one: EnergyModel) -> str:
    if one.one_sided:
        return "no: spiking only"
    return "yes" if one.counted else "no: a variant"


def as_numbers(pairs: Sequence[PairRatios]) -> dict[str, Any]:
    """Models and unrounded ratios, for JSON."""
    return {
        "models": [
            {"name": one.name, "source": one.source, "charges": one.charges,
             "assumption": one.assumption, "unit": one.unit, "counted": one.counted}
            for one in models()
        ],
        "pairs": [
            {
                "spiking": pair.pairing.spiking, "twin": pair.pairing.twin,
                "widths": pair.pairing.widths, "input_synapses": pair.pairing.synapses,
                "same_synapses": pair.pairing.same_synapses, "weights_billed": pair.billing,
                "activation_bits": pair.bits,
                "ratios": [
                    {"model": one.model, "twin_dense": one.dense,
                     "twin_zero_skipping": one.skipping, "sign": one.sign,
                     "energies": one.energies, "unavailable": one.why or None}
                    for one in pair.ratios
                ],
            }
            for pair in pairs
        ],
    }  # fmt: skip


def _column(pair: PairRatios) -> MatrixColumn:
    note = BILLED[pair.billing]
    if pair.billing == "stored" and not pair.pairing.same_synapses:
        note = ", other synapses"
    agree = f"{len(pair.saving())} of {len(pair.counted())} models"
    if not pair.pairing.same_synapses:
        agree += "; no claim"
    return MatrixColumn(
        pair.pairing.spiking, pair.pairing.twin, note, agree, [_cell(one) for one in pair.ratios]
    )


def _cell(one: Ratio) -> MatrixCell:
    if one.sign is None or one.skipping is None or one.dense is None:
        return MatrixCell("–", "–", "", "none", one.why)
    return MatrixCell(times(one.skipping), times(one.dense), SIGNS[one.sign], one.sign, "")


def _plain(cell: MatrixCell) -> str:
    return cell.why or f"{cell.skipping} / {cell.dense} {cell.mark}"
