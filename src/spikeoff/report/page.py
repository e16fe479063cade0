"""The comparison page: one HTML file that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spikeoff.files import write_text
from spikeoff.ledger.operation_energy import EnergyTable
from spikeoff.report import gallery, model_table
from spikeoff.report.answer import answer
from spikeoff.report.anytime import anytime_figure, early, has_readings
from spikeoff.report.anytime import say as say_early
from spikeoff.report.chips import WARNING, chip_rows
from spikeoff.report.conditions import facts, settings
from spikeoff.report.confident_answers import confident
from spikeoff.report.confident_answers import say as say_confident
from spikeoff.report.energy_table import EnergyRow, energy_rows, how
from spikeoff.report.equal_accuracy import EqualAccuracy, equal_accuracy, sentences
from spikeoff.report.equal_accuracy import how as how_equal
from spikeoff.report.equal_accuracy import rows as rows_equal
from spikeoff.report.figures import curves_figure, energy_plane_figure, save_plane, svg
from spikeoff.report.front_figure import front_figure
from spikeoff.report.groups import group, ranked
from spikeoff.report.lab import links as live_page
from spikeoff.report.looks import MOST_TOLD_APART, looks
from spikeoff.report.model_ratios import model_ratios
from spikeoff.report.pairing import pairings, why_unpaired
from spikeoff.report.race_table import conditions, standings, write_csv, write_json
from spikeoff.report.race_table import say as say_pair
from spikeoff.report.rasters import Rasters, rasters
from spikeoff.report.receptive_fields import receptive_fields
from spikeoff.report.reproduce import race_command, run_command
from spikeoff.report.robustness import page_section
from spikeoff.report.statistics import compare_pairs
from spikeoff.report.time_table import caption as times_caption
from spikeoff.report.time_table import time_rows
from spikeoff.report.verdict import Cost, cost, verdicts
from spikeoff.report.verdict import say as say_verdict
from spikeoff.run.run_record import RunRecord

PAGE = "comparison.html"
TABLE = "comparison.csv"
NUMBERS = "comparison.json"
PICTURE = "comparison.png"


def write_comparison(
    records: Sequence[RunRecord], folder: Path, energy_table: EnergyTable
) -> list[Path]:
    """Write the page, its numbers in two forms, and the picture; returns their paths."""
    page, table, numbers, picture = (folder / n for n in (PAGE, TABLE, NUMBERS, PICTURE))
    links = live_page.links(folder, records[0].summary["data"]["sha256"])
    write_text(page, render(records, energy_table, links))
    write_csv(records, energy_table, table)
    write_json(records, energy_table, numbers)
    save_plane(records, picture)
    return [page, table, numbers, picture]


def render(
    records: Sequence[RunRecord], energy_table: EnergyTable, links: Mapping[int, str] | None = None
) -> str:
    """The page as HTML; figures, pictures, style and script in it.

    Args:
        records: of one race.
        energy_table: prices of operations.
        links: addresses in a live page, by the number of the test image.

    Raises:
        UserError: a file of a run is damaged.
    """
    environment = Environment(
        loader=PackageLoader("spikeoff.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    content = _outcome(records, energy_table) | _inside(records) | _conditions(records)
    content["links"] = links or {}
    return environment.get_template("comparison.html.j2").render(content)


def _outcome(records: Sequence[RunRecord], energy_table: EnergyTable) -> dict[str, Any]:
    """Verdict, race, energy, differences, learning and confusions."""
    rows = standings(records)
    members = group(records)
    found, pairs = verdicts(members, energy_table), model_ratios(members, energy_table)
    equal = equal_accuracy(records, energy_table)
    return {
        "answer": answer(rows, pairs, found, members, equal),
        "standings": rows,
        "many": len(members) > MOST_TOLD_APART,
        "colours": {name: look.colour for name, look in looks(members).items()},
        "conditions": conditions(records),
        "differences": [say_pair(pair) for pair in compare_pairs(ranked(records))],
        "verdicts": [say_verdict(one, energy_table) for one in found],
        "unpaired": [
            why_unpaired(members, name) for name, pair in pairings(members).items() if pair is None
        ],
        "matrix": model_table.matrix(pairs),
        "matrix_caption": model_table.CAPTION,
        "energy_models": model_table.model_rows(),
        "chips": chip_rows(members),
        "chips_warning": WARNING,
        "front": _front(equal),
        "costs": [_cost(cost(row.name, members[row.name], energy_table)) for row in rows],
        "energy_table": energy_table,
        "robustness": page_section(records),
        "times": time_rows(records),
        "times_how": times_caption(records),
        "energies": [_energy(row) for row in energy_rows(records, energy_table)],
        "energies_how": how(records, energy_table),
        "plane": Markup(svg(
            lambda: energy_plane_figure(records, energy_table), "plane",
            "Test accuracy against energy per image; the tables have the numbers",
        )),
        "anytime": _anytime(records, energy_table),
        "early": [say_early(one) for one in early(members, energy_table)],
        "confident": [say_confident(one) for one in confident(members, energy_table)],
        "curves": [_curve(records, over_time=over_time) for over_time in (False, True)],
        "classes": records[0].spec.classes,
        "confusions": [_confusion(name, runs) for name, runs in ranked(records).items()],
    }  # fmt: skip


def _inside(records: Sequence[RunRecord]) -> dict[str, Any]:
    """Errors, receptive fields and spikes."""
    groups = ranked(records)
    spikes = rasters(groups)
    return {
        "gallery": gallery.gallery(groups),
        "kinds": gallery.KINDS,
        "per_kind": gallery.PER_KIND,
        "several_seeds": any(len(runs) > 1 for runs in groups.values()),
        "fields": receptive_fields(groups),
        "rasters": spikes,
        "spikes": _script_data(spikes),
    }


def _conditions(records: Sequence[RunRecord]) -> dict[str, Any]:
    """Conditions, and the commands that do it again."""
    revisions = [str(record.summary.get("git_revision") or "") for record in records]
    return {
        "data": records[0].summary["data"],
        "runs": [_run(record) for record in records],
        "facts": facts(records),
        "settings": settings(ranked(records)),
        "revisions": list(dict.fromkeys(one.removesuffix("+") for one in revisions if one)),
        "race": race_command(records),
        "commands": [run_command(record) for record in records],
    }


def _front(found: EqualAccuracy | None) -> dict[str, Any] | None:
    """The part about equal accuracy; None where there are no fronts."""
    if found is None:
        return None
    return {
        "figure": Markup(svg(
            lambda: front_figure(found), "front",
            "Test accuracy against energy per image, one front per family of networks",
        )),
        "sentences": sentences(found), "rows": rows_equal(found), "how": how_equal(found),
    }  # fmt: skip


def _confusion(name: str, records: Sequence[RunRecord]) -> dict[str, Any]:
    """Counts over all seeds, each with the depth of its colour (%): 10 % of a class is full."""
    counts = np.sum([record.confusion() for record in records], axis=0)
    share = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    depth = np.where(counts > 0, np.clip(8 + 8 * share, 0, 88), 0).round().astype(int)
    cells = [
        [(int(counts[row, column]), int(depth[row, column])) for column in range(len(counts))]
        for row in range(len(counts))
    ]
    return {"name": name, "seeds": len(records), "cells": cells}


def _curve(records: Sequence[RunRecord], *, over_time: bool) -> Markup:
    what = "training time" if over_time else "epochs"
    return Markup(svg(
        lambda: curves_figure(records, over_time=over_time), "time" if over_time else "epochs",
        f"Validation accuracy over {what}, one line per run",
    ))  # fmt: skip


SCRIPTED = ("frames", "frame_ms", "images", "height", "width", "classes")
"""Fields of a panel that the script needs."""


def _script_data(shown: Rasters) -> Markup:
    """What the script steps through, safe to stand in the page."""
    panels: list[Mapping[str, Any]] = [
        {key: asdict(panel)[key] for key in SCRIPTED} for panel in shown.panels
    ]
    return Markup(json.dumps(panels, separators=(",", ":")).replace("<", "\\u003c"))


def _cost(one: Cost) -> dict[str, str]:
    """A row of the table of costs."""
    energy = one.energy
    joules = {
        "Synapses": energy.synapses, "Neurons": energy.neurons, "Biases, read-out": energy.extras,
        "Memory": energy.memory, "Total": energy.total,
        "Per correct answer": one.per_correct,
    }  # fmt: skip
    billed = f"{_kilobytes(one.weight_bytes)} at {one.word:.3g} pJ"
    return (
        {"Contender": one.name}
        | {f"{k} (nJ)": _nanojoules(v) for k, v in joules.items()}
        | {"Weights read, per word": billed}
    )


def _kilobytes(held: float) -> str:
    return f"{held / 1024:,.0f} KiB"


def _energy(row: EnergyRow) -> dict[str, str]:
    """A row of the table of energies; what is estimated is called so."""
    cells = {
        f"{quantity.capitalize()}, {way}{'' if way == 'measured' else ' (est.)'}": str(amount)
        for quantity, ways in row.amounts.items()
        for way, amount in ways.items()
    }
    return {"Contender": row.name} | cells


def _run(record: RunRecord) -> dict[str, str]:
    """A row of the table of runs."""
    summary, epochs = record.summary, record.summary["epochs"]
    return {
        "Run": f"{record.label}, seed {record.seed}",
        "Test accuracy (%)": f"{100 * summary['accuracy']['test']:.2f}",
        "Engine": str(summary["engine"]),
        "Epochs (best epoch)": f"{epochs['trained']} ({epochs['chosen']})",
        "Run time (UTC)": _ran(summary),
    }


def _anytime(records: Sequence[RunRecord], energy_table: EnergyTable) -> Markup | None:
    """Accuracy on the way, where any run tells it."""
    if not has_readings(records):
        return None
    return Markup(svg(
        lambda: anytime_figure(records, energy_table), "anytime",
        "Test accuracy over time steps and over energy per image",
    ))  # fmt: skip


def _nanojoules(picojoules: float | None) -> str:
    if picojoules is None:
        return "unknown"
    return f"{picojoules / 1000:,.0f}" if picojoules >= 1e5 else f"{picojoules / 1000:.3g}"


def _ran(summary: Mapping[str, Any]) -> str:
    """From when to when, the day said once; the zone, which all share, left out."""
    started, finished = (
        str(summary.get(key) or "?").removesuffix("+00:00").replace("T", " ")
        for key in ("started", "finished")
    )
    day = started.split(" ")[0]
    return f"{started} to {finished.removeprefix(day).strip()}"
