"""The live page as one HTML file: trained networks, the script that runs them, and its style."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spikeoff.contenders.base import Contender
from spikeoff.data import Dataset
from spikeoff.errors import UserError
from spikeoff.files import write_text
from spikeoff.ledger.energy_models.registry import models
from spikeoff.report.lab.bundle import bundle
from spikeoff.report.lab.digits import offered
from spikeoff.report.lab.networks import UnsupportedError, describe, readings
from spikeoff.report.lab.prices import prices
from spikeoff.run.run_record import RunRecord
from spikeoff.run.trained import load_trained

PAGE = "lab.html"


def write_lab(records: Sequence[RunRecord], path: Path) -> list[str]:
    """Write the page with the networks of these runs; returns why any were left out.

    Raises:
        UserError: no run can be shown, the runs have different data sets, or a file is damaged.
    """
    shown, left_out = [], []
    dataset: Dataset | None = None
    for record in records:
        contender, data = load_trained(record.folder)
        if dataset is not None and data.sha256() != dataset.sha256():
            raise UserError(
                f"{record.folder}: its data set is not that of {records[0].folder}; "
                "name runs of one data set"
            )
        dataset = data
        try:
            shown.append((record, _network(record, contender)))
        except UnsupportedError as error:
            left_out.append(f"{record.folder}: left out of the page: {error}")
    if not shown or dataset is None:
        raise UserError(f"no run can be shown on the page; {'; '.join(left_out)}")
    spec = dataset.spec
    content = {
        "shape": list(spec.shape),
        "classes": list(spec.classes),
        "networks": [network for _, network in shown],
        "digits": offered([record for record, _ in shown], dataset),
        "models": [
            {"name": one.name, "unit": one.unit, "charges": one.charges} for one in models()
        ],
    }
    write_text(path, render(content))
    return left_out


def render(content: dict[str, Any]) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("spikeoff.report.lab", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    data = json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return environment.get_template("lab.html.j2").render(
        data=Markup(data), script=Markup(bundle("view/main.js")), count=len(content["networks"])
    )


def _network(record: RunRecord, contender: Contender) -> dict[str, Any]:
    """A network and what is known about it from its run."""
    early = record.summary.get("early") or {}
    return describe(contender) | {
        "id": record.contender,
        "title": record.title,
        "spiking": contender.spiking,
        "accuracy": record.summary["accuracy"]["test"],
        "score_unit": contender.score_unit,
        "threshold": early.get("threshold"),
        "reading": readings(contender),
        "prefers": _preferred(contender),
        "prices": prices(record),
    }


def _preferred(contender: Contender) -> list[int]:
    """The class that each neuron of the last hidden layer stands for; -1 for none."""
    spoken = contender.speaks_for()
    if spoken is None:
        spoken = contender.state()["output.weight"].argmax(axis=0).astype(np.int16)
    return [int(label) for label in spoken]
