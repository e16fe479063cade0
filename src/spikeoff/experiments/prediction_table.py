"""The answers of a network for given images, as a table for a terminal and as JSON."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from rich.markup import escape
from rich.table import Table

from spikeoff.experiments.prediction import Prediction, Predictions
from spikeoff.report.energy_table import Amount
from spikeoff.run.json_files import plain


def prediction_table(predictions: Predictions) -> Table:
    """One row per image: answer, confidence, runner-up, spikes, operations, energy."""
    softmax = predictions.confidence_unit == "softmax share"
    table = Table(
        title=escape(predictions.network),
        caption=f"Images: {predictions.preparation}. Confidence: {predictions.confidence_unit}. "
        "Operations: effective synaptic ones (AC an addition, MAC a multiply-accumulate). Energy: "
        f"estimated with {predictions.energy_table}, memory access included.",
        caption_justify="left",
    )
    for heading in ("Image", "Answer"):
        table.add_column(heading, overflow="fold")
    table.add_column("Confidence", justify="right")
    table.add_column("Runner-up")
    for heading in ("Spikes", "Operations", "Energy"):
        table.add_column(heading, justify="right")
    for one in predictions.answers:
        confidence = f"{100 * one.confidence:.1f} %" if softmax else f"{one.confidence:.3g}"
        table.add_row(
            escape(one.name), escape(one.answer), confidence, escape(one.runner_up), _spikes(one),
            _operations(one), str(Amount(one.energy_j, None, "estimated")),
        )  # fmt: skip
    return table


def prediction_json(predictions: Predictions) -> str:
    """The same as JSON, with the scores of all classes; without the images."""
    held: dict[str, Any] = {
        field.name: getattr(predictions, field.name)
        for field in fields(predictions)
        if field.name != "images"
    }
    return json.dumps(plain(held), indent=2)


def _spikes(one: Prediction) -> str:
    if one.input_spikes is None or one.hidden_spikes is None:
        return "none"
    return f"{one.input_spikes + one.hidden_spikes:,.0f}"


def _operations(one: Prediction) -> str:
    counts = ((one.additions, "AC"), (one.products, "MAC"))
    return " + ".join(f"{count:,.0f} {unit}" for count, unit in counts if count) or "0"
