"""Every contender learns from a few images and answers others, at sizes that Python can loop over.

``python -m tests.kernels.tiny OUT`` writes what it learned and answered, all as one ``.npz``.
"""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.base import Contender
from spikeoff.contenders.registry import find
from spikeoff.data import load_dataset

SIZES: dict[str, dict[str, Any]] = {
    "diehl-cook": {"n_e": 6, "n_e2": 3, "example_time": 0.03, "resting_time": 0.01,
                   "input_intensity": 12.0},
    "izhikevich-gradient": {"hidden": (7,), "n_steps": 6, "batch_size": 3, "output_scale": 3.0},
    "izhikevich-sparse": {"hidden": (7,), "batch_size": 3},
    "izhikevich-stdp": {"n_hidden": 12, "n_steps": 20, "hidden_gain": 300.0},
    "mlp": {"hidden": (7,), "batch_size": 3},
    "mlp-int8": {"hidden": (7,), "batch_size": 3},
    "cnn": {"n_hidden": 4, "batch_size": 3},
}  # fmt: skip


def made(name: str) -> Contender:
    kind = find(name)
    return kind(kind.config_type(num_threads=1, device="cpu", epochs=2, **SIZES[name]))


def results() -> dict[str, NDArray[Any]]:
    """Arrays by ``contender/name``: the state before and after learning, and the answers."""
    train = load_dataset().train
    found: dict[str, NDArray[Any]] = {}
    for name in SIZES:
        contender = made(name)
        found |= {f"{name}/before/{key}": value for key, value in contender.state().items()}
        for epoch in (1, 2):
            list(contender.learn(train.take(slice(0, 4)), epoch))
        contender.conclude(train.take(slice(0, 4)))
        found |= {f"{name}/after/{key}": value for key, value in contender.state().items()}
        response = contender.respond(train.take(slice(4, 6)))
        found[f"{name}/scores"] = response.scores
        found[f"{name}/activity"] = np.array(
            dataclasses.astuple(contender.account(train.take(slice(4, 6))).activity)
        )
    return found


if __name__ == "__main__":
    np.savez(sys.argv[1], **results())  # type: ignore[arg-type]
