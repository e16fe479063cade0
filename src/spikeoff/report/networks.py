"""The network of a run, as energy models read it, from the run's record."""

from __future__ import annotations

from typing import Any

from spikeoff.errors import UserError
from spikeoff.ledger.energy_models.base import Layer, Network, NotAvailableError
from spikeoff.ledger.recording import INPUT
from spikeoff.neurons.cost import UpdateCost, update_cost
from spikeoff.run.record_schema import LayerRecord
from spikeoff.run.run_record import RunRecord

NEEDED = frozenset(LayerRecord.__annotations__) - {"fan_in", "kernel", "pruned"}

OLD = "the record is from an earlier version, without the sizes of layers; run it again"


def network_of(record: RunRecord, *, activation_bits: int = 32) -> Network:
    """The network of a run, zeros skipped and weights as stored.

    Raises:
        NotAvailableError: an earlier version wrote the record, without what models need.
    """
    summary = record.summary
    operations = summary["operations"]
    layers = operations.get("layers")
    if (
        not layers
        or "steps" not in operations
        or not all(layer.keys() >= NEEDED for layer in layers)
    ):
        raise NotAvailableError(OLD)
    neuron = summary.get("neuron")
    return Network(
        tuple(_layer(layer) for layer in layers),
        bool(summary["spiking"]),
        float(operations["steps"]),
        neuron,
        _cost(neuron),
        float(operations.get("readout", 0.0)),
        activation_bits,
    )


def widths(record: RunRecord) -> tuple[int, ...]:
    """Neurons of the input and of each hidden layer, and classes; empty in earlier records."""
    return tuple(int(n) for n in record.summary["operations"].get("widths") or ())


def input_synapses(record: RunRecord) -> int | None:
    """Synapses that exist from the input on; None in earlier records."""
    layers = record.summary["operations"].get("layers") or ()
    found = [layer["stored"] for layer in layers if layer.get("source") == INPUT]
    return sum(map(int, found)) if found else None


def stored_parameters(record: RunRecord) -> int:
    """Parameters that exist; in earlier records, all."""
    return int(record.summary.get("stored_parameters", record.summary["parameters"]))


def _layer(layer: dict[str, Any]) -> Layer:
    macs, acs = float(layer["effective_macs"]), float(layer["effective_acs"])
    return Layer(
        name=str(layer["name"]),
        sources=int(layer["sources"]),
        targets=int(layer["targets"]),
        places=int(layer["places"]),
        stored=int(layer["stored"]),
        events_in=float(layer["events_in"]),
        events_out=float(layer["events_out"]),
        operations=macs + acs,
        dense=float(layer["dense_macs"]),
        biases=int(layer["biases"]),
        biased=int(layer["biased"]),
        neurons=int(layer["neurons"]),
        output=bool(layer["output"]),
        graded=macs > 0,
        convolution=bool(layer["convolution"]),
        fan_in=int(layer.get("fan_in", 0)),
        kernel=int(layer.get("kernel", 0)),
        pruned=bool(layer.get("pruned", False)),
    )


def _cost(neuron: str | None) -> UpdateCost | None:
    """The cost of an update; None for a neuron of a third party that is not known here."""
    try:
        return None if neuron is None else update_cost(neuron)
    except UserError:
        return None
