"""Compiled kernels are kept for as long as nothing that they are made of changes."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from pathlib import Path

import pytest

from spikeoff.kernels.sources import ROOT, digest, reached

KERNELS = sorted(
    path
    for path in ROOT.rglob("*.py")
    if {"kernels", "numba"} & set(path.relative_to(ROOT).parts) and path.stem != "__init__"
)


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_all_that_a_module_of_kernels_uses_is_reached(path: Path) -> None:
    name = ".".join(("spikeoff", *path.relative_to(ROOT).with_suffix("").parts))
    used = [getattr(value, "__module__", None) for value in vars(import_module(name)).values()]
    files = {
        Path(inspect.getfile(sys.modules[module]))
        for module in used
        if isinstance(module, str) and module.startswith("spikeoff")
    }
    assert files <= reached(path)


def test_one_file_leads_to_those_that_it_imports_and_to_no_other(tmp_path: Path) -> None:
    path = tmp_path / "kernel.py"
    path.write_text(
        "import numpy\n\n"
        "from spikeoff.learning import (\n    stdp,\n    surrogate as s,\n)\n"
        "from spikeoff.coding.philox import philox4x32  # a function\n"
    )
    names = {found.name for found in reached(path)} - {"__init__.py"}
    assert names == {"kernel.py", "stdp.py", "surrogate.py", "philox.py"}


def test_any_change_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "kernel.py"
    path.write_text("a = 1\n")
    before = digest(path)
    path.write_text("a = 2\n")
    assert digest(path) != before
