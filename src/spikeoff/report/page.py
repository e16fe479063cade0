"""The comparison page: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from spikeoff.data.files import write_text
from spikeoff.report.figures import confusion_figure, curves_figure, headline, svg
from spikeoff.report.table import conditions, standings, write_csv
from spikeoff.runs import RunRecord

PAGE = "comparison.html"
TABLE = "comparison.csv"


def write_comparison(records: Sequence[RunRecord], folder: Path) -> tuple[Path, Path]:
    """Write the page and the table; returns their paths."""
    page, table = folder / PAGE, folder / TABLE
    write_text(page, render(records))
    write_csv(records, table)
    return page, table


def render(records: Sequence[RunRecord]) -> str:
    """The page as HTML, figures and style in it."""
    environment = Environment(
        loader=PackageLoader("spikeoff.report"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ranked = standings(records)
    first_of = {
        row.contender: next(r for r in records if r.contender == row.contender) for row in ranked
    }
    confusions = [(record, _confusion(record)) for record in first_of.values()]
    return environment.get_template("comparison.html.j2").render(
        standings=ranked,
        headers=list(ranked[0].cells),
        conditions=conditions(records),
        curves=Markup(svg(lambda: curves_figure(records))),
        confusions=confusions,
        records=records,
    )


def _confusion(record: RunRecord) -> Markup:
    return Markup(svg(lambda: confusion_figure(record.confusion(), headline(record))))
