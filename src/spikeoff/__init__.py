"""One fair race between spiking and conventional neural networks on MNIST.

    import spikeoff

    run = spikeoff.train("mlp", epochs=5)
    run.accuracy
    race = spikeoff.compare(["mlp", "izhikevich-stdp"])
    race.save_page("race.html")

Everything is imported when it is first used.
"""

from __future__ import annotations

import random
from importlib import import_module
from typing import TYPE_CHECKING, Any

from spikeoff.errors import UserError
from spikeoff.numerics.waiting import wait_briefly

if TYPE_CHECKING:
    from spikeoff.api.comparison import Comparison
    from spikeoff.api.data import load_data, make_data
    from spikeoff.api.nir import NIRGraph, load_nir
    from spikeoff.api.run import Run
    from spikeoff.api.running import (
        compare,
        contender_names,
        load_pretrained,
        load_run,
        resume,
        train,
    )
    from spikeoff.data.images import Dataset
    from spikeoff.estimators import (
        CNNClassifier,
        DiehlCookClassifier,
        IzhikevichGradientClassifier,
        IzhikevichSparseClassifier,
        IzhikevichSTDPClassifier,
        MLPClassifier,
    )
    from spikeoff.ledger.recording import Recording
    from spikeoff.pretrained import pretrained_names

__version__ = "1.0.0"

__all__ = [
    "CNNClassifier",
    "Comparison",
    "Dataset",
    "DiehlCookClassifier",
    "IzhikevichGradientClassifier",
    "IzhikevichSTDPClassifier",
    "IzhikevichSparseClassifier",
    "MLPClassifier",
    "NIRGraph",
    "Recording",
    "Run",
    "UserError",
    "__version__",
    "compare",
    "contender_names",
    "load_data",
    "load_nir",
    "load_pretrained",
    "load_run",
    "make_data",
    "pretrained_names",
    "resume",
    "train",
]

_MODULES = {
    "Comparison": "spikeoff.api.comparison",
    "Dataset": "spikeoff.data.images",
    "Recording": "spikeoff.ledger.recording",
    "Run": "spikeoff.api.run",
    **dict.fromkeys(("NIRGraph", "load_nir"), "spikeoff.api.nir"),
    **dict.fromkeys(("load_data", "make_data"), "spikeoff.api.data"),
    "pretrained_names": "spikeoff.pretrained",
    **dict.fromkeys(
        ("compare", "contender_names", "load_pretrained", "load_run", "resume", "train"),
        "spikeoff.api.running",
    ),
    **dict.fromkeys(
        [name for name in __all__ if name.endswith("Classifier")], "spikeoff.estimators"
    ),
}
"""Where each name is."""

wait_briefly()


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    state = random.getstate()  # Rich draws from the caller's generator when it is imported
    found = getattr(import_module(_MODULES[name]), name)
    random.setstate(state)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
