"""Energy models as linear functions of counts, which the page evaluates for every image and step.

For one network, a published model is a constant, plus a price per layer of each event in, event out
and operation, plus a price per time step. The prices are found by evaluating the model itself, and
a model is left out of the page where it is not linear.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spikeoff.ledger.energy_models.base import EnergyModel, Network, NotAvailableError
from spikeoff.ledger.energy_models.registry import models
from spikeoff.report.networks import network_of
from spikeoff.run.run_record import RunRecord

COUNTS = ("events_in", "events_out", "operations")
TOLERANCE = 1e-6

Prices = dict[str, dict[str, Any]]


def prices(record: RunRecord) -> Prices:
    """Prices of a run's network by model; models that do not apply to it are left out."""
    try:
        network = network_of(record)
    except NotAvailableError:
        return {}
    found: Prices = {}
    for model in models():
        try:
            priced = linear_prices(model, network)
        except NotAvailableError:
            continue
        if priced is not None:
            found[model.name] = priced
    return found


def linear_prices(model: EnergyModel, network: Network) -> dict[str, Any] | None:
    """Constant, prices per layer and count, and price per step; None where it is not linear.

    Raises:
        NotAvailableError: the model does not apply to the network.
    """
    known = _counts(network)
    total = model.total(network)
    unit = np.maximum(1.0, abs(known))
    slopes = np.array([
        (model.total(_with(network, known + change)) - total) / size
        for change, size in zip(np.diag(unit), unit, strict=True)
    ])  # fmt: skip
    constant = total - slopes @ known
    elsewhere = known * np.linspace(0.3, 0.9, len(known))
    expected = model.total(_with(network, elsewhere))
    if abs(constant + slopes @ elsewhere - expected) > TOLERANCE * max(1.0, abs(expected)):
        return None
    per_layer = slopes[:-1].reshape(-1, len(COUNTS))
    return {
        "constant": float(constant),
        **{name: per_layer[:, k].tolist() for k, name in enumerate(COUNTS)},
        "step": float(slopes[-1]) if network.spiking else 0.0,
    }


def _counts(network: Network) -> Any:
    """All counts of the layers in turn, and the steps."""
    counts = [float(getattr(layer, name)) for layer in network.layers for name in COUNTS]
    return np.array([*counts, network.steps])


def _with(network: Network, counts: Any) -> Network:
    """The network with these counts; what is done at every step grows with the steps."""
    longer = counts[-1] / network.steps if network.spiking else 1.0
    layers = tuple(
        replace(
            layer, events_in=float(events_in), events_out=float(events_out),
            operations=float(operations), dense=layer.dense * longer,
        )
        for layer, (events_in, events_out, operations) in zip(
            network.layers, counts[:-1].reshape(-1, len(COUNTS)), strict=True
        )
    )  # fmt: skip
    steps = float(counts[-1]) if network.spiking else network.steps
    return replace(network, layers=layers, steps=steps)
