"""The kernels as they can run here: compiled on a GPU, else through Triton's interpreter.

Which of the two is decided when a kernel is made, so they are all made here; Triton asks again
when the first one runs.
"""

from __future__ import annotations

import importlib
import importlib.util

import pytest
import torch

from spikeoff.contenders.gradient.triton import support

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HAS_TRITON = importlib.util.find_spec("triton") is not None

if not HAS_TRITON:
    collect_ignore_glob = ["test_*.py"]
else:
    with pytest.MonkeyPatch.context() as patch:
        if DEVICE == "cpu":
            patch.setenv("TRITON_INTERPRET", "1")
        names = "dropout_scale neuron_loop rate_coding self_check spiking_network"
        for name in names.split():
            importlib.import_module(f"spikeoff.contenders.gradient.triton.{name}")


@pytest.fixture
def device() -> str:
    """Where the kernels run in these tests."""
    return DEVICE


@pytest.fixture(autouse=True)
def _interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    if DEVICE == "cpu":
        monkeypatch.setenv("TRITON_INTERPRET", "1")


@pytest.fixture(autouse=True)
def _forget_what_was_tried() -> None:
    support.trouble.cache_clear()
