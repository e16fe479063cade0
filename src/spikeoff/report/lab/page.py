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
from spikeoff.report.gallery import gallery
from spikeoff.report.groups import check_one_race, ranked
from spikeoff.report.lab.bundle import bundle
from spikeoff.report.lab.choice import Choice
from spikeoff.report.lab.digits import offered
from spikeoff.report.lab.networks import UnsupportedError, describe, readings
from spikeoff.report.lab.prices import prices
from spikeoff.run.run_record import RunRecord
from spikeoff.run.trained import load_trained


def write_lab(choice: Choice, path: Path) -> list[str]:
    """Write the page with the networks of these runs; returns why any were left out.

    It offers every test image whose errors the comparison page of their race shows.

    Raises:
        UserError: no run can be shown, the runs have different data sets, or a file is damaged.
    """
    shown, left_out = [], []
    dataset: Dataset | None = None
    for record in choice.shown:
        contender, data = load_trained(record.folder)
        if dataset is not None and data.sha256() != dataset.sha256():
            raise UserError(
                f"{record.folder}: its data set is not that of {choice.shown[0].folder}; "
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
        "sha256": dataset.sha256(),
        "digits": offered(
            [record for record, _ in shown], dataset, _errors(choice.compared, dataset)
        ),
        "models": [
            {"name": one.name, "unit": one.unit, "charges": one.charges} for one in models()
        ],
    }
    write_text(path, render(content))
    return left_out


def _errors(records: Sequence[RunRecord], dataset: Dataset) -> list[int]:
    """Numbers of the test images that a comparison page of these runs shows; of no race, none."""
    try:
        check_one_race(records)
    except UserError:
        return []
    if not records or records[0].summary["data"]["sha256"] != dataset.sha256():
        return []
    return [card.number for card in gallery(ranked(records)).cards]


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
        data=Markup(data),
        script=Markup(bundle("view/main.js")),
        count=len(content["networks"]),
        rows=content["digits"]["rows"],
        sha256=content["sha256"],
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
