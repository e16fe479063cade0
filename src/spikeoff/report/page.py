"""The comparison page: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spikeoff.files import write_text
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
from spikeoff.report.table import conditions, say, standings, write_csv, write_json
from spikeoff.runs import RunRecord

PAGE = "comparison.html"
TABLE = "comparison.csv"
NUMBERS = "comparison.json"
PICTURE = "comparison.png"


def write_comparison(records: Sequence[RunRecord], folder: Path) -> list[Path]:
    """Write the page, its numbers in two forms, and the picture; returns their paths."""
    page, table, numbers, picture = (folder / n for n in (PAGE, TABLE, NUMBERS, PICTURE))
    write_text(page, render(records))
    write_csv(records, table)
    write_json(records, numbers)
    save_plane(records, picture)
    return [page, table, numbers, picture]


def render(records: Sequence[RunRecord]) -> str:
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
        differences=[say(pair) for pair in pairs],
        plane=Markup(svg(lambda: plane_figure(records))),
        curves=Markup(svg(lambda: curves_figure(records))),
        confusions=confusions,
        records=records,
    )


def _confusion(record: RunRecord) -> Markup:
    return Markup(svg(lambda: confusion_figure(record.confusion(), headline(record))))
