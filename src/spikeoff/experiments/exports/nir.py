"""NIR: spiking networks for the tools of neuromorphic hardware.

| here | in the file |
|---|---|
| ``Affine``, with ``Scale`` and ``Pool`` behind it | ``Linear``: their product |
| a synaptic current that lasts | ``LI`` if it decays, ``I`` if it is held |
| a bias | ``Affine`` with weight 1 |
| ``Neurons`` of LIF | ``LIF`` |
| ``Neurons`` of Izhikevich | ``spikeoff.Izhikevich``, an extension node (docs/export.md) |

NIR describes equations in continuous time, in seconds here; tau and r are those whose exact
solution over ``dt`` is the step of the run. A LIF neuron of the run subtracts its threshold at a
spike, which ``metadata`` says, since NIR's reset is to a value. The metadata of the graph say how
input spikes are made, and what turns output spikes into scores (``contenders.gradient.nir`` reads
both).

Source: J. E. Pedersen et al., "Neuromorphic intermediate representation: a unified instruction set
for interoperable brain-inspired computing", Nature Communications 15:8122, 2024.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from spikeoff import __version__
from spikeoff.contenders import layer_list as layers
from spikeoff.contenders import nir_file
from spikeoff.contenders.base import Contender
from spikeoff.contenders.layer_list import Floats, Layer, floats
from spikeoff.contenders.nir_file import IZHIKEVICH, MS, SUBTRACT
from spikeoff.errors import UserError
from spikeoff.experiments.exports import Exported
from spikeoff.neurons.izhikevich import IzhikevichParams
from spikeoff.neurons.lif import LIFParams
from spikeoff.run.trained import load_trained


def export(folder: Path, output: Path) -> Exported:
    """Write the spiking network of the run in ``folder``, and check it by reading it back.

    Raises:
        UserError: there is no finished run, NIR cannot hold its network, or the extra ``nir`` is
            missing.
    """
    contender, _ = load_trained(folder)
    write(contender, output)
    nodes = nir_file.read(output).nodes
    kinds = ", ".join(str(node["type"]) for node in nodes.values())
    return Exported(output, f"{len(nodes)} nodes: {kinds}")


def write(contender: Contender, path: Path) -> None:
    """Write the layers of a spiking network up to its last neurons or weights.

    Raises:
        UserError: it is no such network.
    """
    network = contender.layer_list()
    if not contender.spiking:
        raise UserError(f"{contender.id} does not spike, and NIR has no ReLU; choose onnx")
    nodes = _nodes(network)
    graph = {
        "type": "NIRGraph",
        "nodes": dict(nodes),
        "edges": np.array([(a, b) for (a, _), (b, _) in pairwise(nodes)], object),
        "metadata": _metadata(contender, network),
    }
    nir_file.write(path, graph)


def _metadata(contender: Contender, network: Sequence[Layer]) -> dict[str, Any]:
    """What a reader needs beside the graph: coding and read-out."""
    facts: dict[str, Any] = {"contender": contender.id, "spikeoff": __version__}
    settings = vars(contender)["config"]
    unused = settings.unused_settings(vars(settings))
    for name in ("coding", "n_steps", "max_rate", "levels", "seed"):
        if hasattr(settings, name) and name not in unused:
            facts[name] = getattr(settings, name)
    last = network[-1]
    if isinstance(last, layers.StepSum):
        facts |= {"score_scale": last.scale, "step_weights": last.weights}
    elif isinstance(last, layers.SpikeCount):
        facts |= {"score_scale": last.scale, "potential": last.potential}
        if last.share_slope is not None:  # the file's last weights are multiplied by the factor
            factors = [one.factor for one in network if isinstance(one, layers.Scale)]
            facts["share_slope"] = last.share_slope / (factors[-1] if factors else 1.0)
    return facts


def _nodes(network: Sequence[Layer]) -> list[tuple[str, dict[str, Any]]]:
    """Names and contents of the nodes, in their order."""
    weight: Floats | None = None
    nodes: list[tuple[str, dict[str, Any]]] = []

    def add(kind: str, **content: Any) -> None:
        name = kind.rpartition(".")[2].lower()
        nodes.append((f"{name}_{len(nodes)}", {"type": kind, **content}))

    for number, layer in enumerate(network):
        following = network[number + 1] if number + 1 < len(network) else None
        if isinstance(layer, layers.Affine):
            weight = layer.weight
        elif isinstance(layer, layers.Scale) and weight is not None:
            weight = floats(weight * np.float32(layer.factor))
        elif isinstance(layer, layers.Pool) and weight is not None:
            groups = weight.reshape(len(weight), -1, layer.size)
            weight = floats(groups - groups.mean(axis=2, keepdims=True)).reshape(weight.shape)
        elif isinstance(layer, layers.Neurons):
            for kind, content in _neurons(layer, nodes[-1][1]["weight"].shape[0]):
                add(kind, **content)
        elif not isinstance(layer, (layers.SpikeCount, layers.StepSum)):
            raise UserError(f"NIR has no node for {type(layer).__name__}; choose onnx")
        if weight is not None and not isinstance(following, (layers.Scale, layers.Pool)):
            if not nodes:
                add("Input", shape=np.array(weight.shape[:1]))
            add("Linear", weight=np.ascontiguousarray(weight.T))
            weight = None
    sizes = [node["weight"].shape[0] for _, node in nodes if node["type"] == "Linear"]
    add("Output", shape=np.array(sizes[-1:]))
    return nodes


def _neurons(layer: layers.Neurons, n: int) -> list[tuple[str, dict[str, Any]]]:
    """The nodes of neurons, what goes into them included."""
    found: list[tuple[str, dict[str, Any]]] = []
    dt = layer.dt * MS
    if layer.decay == 1:
        found.append(("I", {"r": np.full(n, 1 / dt, np.float32)}))
    elif layer.decay:
        tau = -dt / math.log(layer.decay)
        found.append(("LI", {
            "tau": np.full(n, tau, np.float32), "v_leak": np.zeros(n, np.float32),
            "r": np.full(n, 1 / (1 - layer.decay), np.float32), "metadata": {"dt": dt},
        }))  # fmt: skip
    if np.any(layer.bias):
        bias = np.broadcast_to(np.float32(layer.bias), n)
        found.append(("Affine", {"weight": np.eye(n, dtype=np.float32), "bias": bias.copy()}))
    params = layer.params
    if isinstance(params, LIFParams):
        beta = math.exp(-layer.dt / params.tau_mem)
        values = {
            "tau": params.tau_mem * MS, "r": layer.dt / (1 - beta), "v_leak": 0.0,
            "v_threshold": params.v_thresh, "v_reset": 0.0,
        }  # fmt: skip
        content: dict[str, Any] = {k: np.full(n, v, np.float32) for k, v in values.items()}
        content["metadata"] = {"reset": SUBTRACT, "dt": dt}
        found.append(("LIF", content))
    elif isinstance(params, IzhikevichParams):
        constants = {one.name: getattr(params, one.name) for one in fields(params)}
        content = {k: np.full(n, v, np.float32) for k, v in constants.items()}
        found.append((IZHIKEVICH, content | {"metadata": {"dt": dt}}))
    else:
        raise UserError(f"NIR has no node for {type(params).__name__}; choose onnx")
    return found
