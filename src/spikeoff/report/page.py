"""The comparison page: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spikeoff.files import write_text
from spikeoff.ledger.operation_energy import EnergyTable
from spikeoff.report.anytime import anytime_figure, early, has_readings
from spikeoff.report.anytime import say as say_early
from spikeoff.report.figures import (
    confusion_figure,
    curves_figure,
    headline,
    plane_figure,
    save_plane,
    svg,
)
from spikeoff.report.groups import group
from spikeoff.report.statistics import compare_pairs
from spikeoff.report.table import conditions, standings, write_csv, write_json
from spikeoff.report.table import say as say_pair
from spikeoff.report.verdict import cost, verdicts
from spikeoff.report.verdict import say as say_verdict
from spikeoff.runs import RunRecord

PAGE = "comparison.html"
TABLE = "comparison.csv"
NUMBERS = "comparison.json"
PICTURE = "comparison.png"


def write_comparison(
    records: Sequence[RunRecord], folder: Path, energy_table: EnergyTable
) -> list[Path]:
    """Write the page, its numbers in two forms, and the picture; returns their paths."""
    page, table, numbers, picture = (folder / n for n in (PAGE, TABLE, NUMBERS, PICTURE))
    write_text(page, render(records, energy_table))
    write_csv(records, energy_table, table)
    write_json(records, energy_table, numbers)
    save_plane(records, picture)
    return [page, table, numbers, picture]


def render(records: Sequence[RunRecord], energy_table: EnergyTable) -> str:
    """The page as HTML, figures and style in it."""
    environment = Environment(
        loader=PackageLoader("spikeoff.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ranked = standings(records)
    members = group(records)
    pairs = compare_pairs({row.name: members[row.name] for row in ranked})
    confusions = [(row.name, _confusion(members[row.name][0])) for row in ranked]
    return environment.get_template("comparison.html.j2").render(
        standings=ranked,
        headers=list(ranked[0].cells),
        conditions=conditions(records),
        differences=[say_pair(pair) for pair in pairs],
        verdicts=[say_verdict(one) for one in verdicts(members, energy_table)],
        costs=[cost(row.name, members[row.name], energy_table) for row in ranked],
        energy_table=energy_table,
        nj=_nanojoules,
        anytime=_anytime(records, energy_table),
        early=[say_early(one) for one in early(members, energy_table)],
        plane=Markup(svg(lambda: plane_figure(records))),
        curves=Markup(svg(lambda: curves_figure(records))),
        confusions=confusions,
        records=records,
    )


def _anytime(records: Sequence[RunRecord], energy_table: EnergyTable) -> Markup | None:
    """Accuracy on the way, where any run tells it."""
    if not has_readings(records):
        return None
    return Markup(svg(lambda: anytime_figure(records, energy_table)))


def _nanojoules(picojoules: float | None) -> str:
    if picojoules is None:
        return "unknown"
    return f"{picojoules / 1000:,.0f}" if picojoules >= 1e5 else f"{picojoules / 1000:.3g}"


def _confusion(record: RunRecord) -> Markup:
    return Markup(svg(lambda: confusion_figure(record.confusion(), headline(record))))
