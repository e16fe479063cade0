"""What spiking contenders learn and answer, as hashes: ``python -m tests.parity.bits strict 2``.

The first argument is ``strict`` or ``default``, the second a number of threads.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeoff.contenders.registry import find
from spikeoff.data import load_dataset

N_TRAIN, N_TEST = 300, 100

CONTENDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "izhikevich-gradient": (
        "izhikevich-gradient",
        {"hidden": (48,), "n_steps": 30, "batch_size": 16, "output_scale": 2.0},
    ),
    "izhikevich-gradient, other options": (
        "izhikevich-gradient",
        {
            "hidden": (24, 16), "n_steps": 10, "neuron": "lif", "synapse": "decaying",
            "readout": "linear", "coding": "direct", "augment": True, "augment_rotation": 10.0,
            "batch_size": 16, "clip_norm": 1.0, "weight_average": 0.9, "label_smoothing": 0.1,
            "keep": 0.5,
        },
    ),
    "izhikevich-sparse": ("izhikevich-sparse", {"hidden": (48,), "batch_size": 16}),
    "izhikevich-stdp": ("izhikevich-stdp", {"n_hidden": 64}),
    "diehl-cook": ("diehl-cook", {"n_e": 30, "n_e2": 8, "example_time": 0.2}),
    "diehl-cook, other options": (
        "diehl-cook",
        {"n_e": 30, "example_time": 0.2, "learning": "batched", "preset": "tuned"},
    ),
}  # fmt: skip


def digest(arrays: Mapping[str, Any]) -> str:
    """SHA-256 of arrays and their names."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        found.update(name.encode())
        found.update(np.ascontiguousarray(arrays[name]).tobytes())
    return found.hexdigest()


def results(*, strict: bool, threads: int) -> dict[str, dict[str, str | float]]:
    """Hashes of weights, scores of the test images, and spikes step by step; the accuracy."""
    data = load_dataset()
    train, test = data.train.take(slice(0, N_TRAIN)), data.test.take(slice(0, N_TEST))
    found: dict[str, dict[str, str | float]] = {}
    for title, (name, settings) in CONTENDERS.items():
        kind = find(name)
        config = kind.config_type(
            epochs=2, strict=strict, num_threads=threads, device="cpu", **settings
        )
        contender = kind(config)
        for epoch in contender.passes(2, N_TRAIN):
            list(contender.learn(train, epoch))
        contender.conclude(train)
        response, recording = contender.respond(test), contender.record(test)
        found[title] = {
            "weights": digest(contender.state()),
            "scores": digest({"scores": response.scores}),
            "spikes": digest({**recording.events, "scores by step": recording.scores}),
            "accuracy": float((response.labels == test.labels).mean()),
        }
    return found


if __name__ == "__main__":
    print(json.dumps(results(strict=sys.argv[1] == "strict", threads=int(sys.argv[2]))))  # noqa: T201
