"""The operations of a record, with layers, as a run writes them; made up for tests."""

from __future__ import annotations

from typing import Any


def operations(
    sizes: tuple[int, int, int], *, spiking: bool, effective: float = 0.0, steps: float = 1.0,
    updates: float | None = None, synapses: int | None = None, bias: bool = False,
    dense: float | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Two layers; 95 % of the effective operations in the first.

    Args:
        sizes: input, hidden, output.
        spiking: additions in a network over time, or products of values.
        effective: operations per image.
        steps: of an image.
        updates: neuron updates; by default every hidden and output neuron at every step.
        synapses: stored from the input on; by default everywhere.
        bias: whether hidden neurons have one.
        dense: products if none is skipped; by default all places at every step.
    """
    n, hidden, out = sizes
    stored = n * hidden if synapses is None else synapses
    whole = steps * (n * hidden + hidden * out)
    scale = 1.0 if dense is None else dense / whole
    neurons = hidden + out
    steps_of_updates = steps if updates is None else updates / neurons
    done = (0.95 * effective, 0.05 * effective)

    def layer(
        name: str, source: str, a: int, b: int, count: float, **values: Any
    ) -> dict[str, Any]:
        kinds = ("effective_acs", "effective_macs")
        return {
            "name": name, "source": source, "sources": a, "targets": b, "places": a * b,
            "stored": a * b, "dense_macs": scale * steps * a * b,
            kinds[0]: count if spiking else 0.0, kinds[1]: 0.0 if spiking else count,
            "events_in": count / b, "events_out": 0.0, "biases": 0, "biased": 0,
            "neurons": b if spiking else 0, "output": False, "convolution": False, **values,
        }  # fmt: skip

    biases = hidden if bias else 0
    layers = [
        layer("input to hidden", "input", n, hidden, done[0], stored=stored, biases=biases,
              biased=biases, events_out=done[1] / out),
        layer("hidden to output", "hidden", hidden, out, done[1], output=True),
    ]  # fmt: skip
    return {
        "dense_macs": scale * whole,
        "effective_macs": 0.0 if spiking else effective,
        "effective_acs": effective if spiking else 0.0,
        "membrane_updates": steps_of_updates * neurons if spiking else 0.0,
        "layers": layers, "steps": steps_of_updates if spiking else 1.0, "widths": list(sizes),
        "events": {"input": done[0] / hidden, "hidden": done[1] / out}, "readout": 0.0,
    }  # fmt: skip
