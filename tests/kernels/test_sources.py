"""Compiled kernels are kept for as long as nothing that they are made of changes."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.data.images import Images
from spikeoff.kernels import rate_coding
from spikeoff.kernels.jit import cache_folder
from spikeoff.kernels.sources import ROOT, digest, is_never_compiled, reached

KERNELS = sorted(
    path
    for path in ROOT.rglob("*.py")
    if {"kernels", "numba"} & set(path.relative_to(ROOT).parts) and path.stem != "__init__"
)


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_all_that_a_module_of_kernels_uses_is_reached(path: Path) -> None:
    name = ".".join(("spikeoff", *path.relative_to(ROOT).with_suffix("").parts))
    used = [
        value
        for value in vars(import_module(name)).values()
        if str(getattr(value, "__module__", None)).startswith("spikeoff")
    ]
    left_out = [value for value in used if is_never_compiled(file_of(value))]
    assert all(isinstance(value, type) for value in left_out)
    assert {file_of(value) for value in used if value not in left_out} <= reached(path)


def file_of(value: Any) -> Path:
    """The source file of the module that defines something."""
    return Path(inspect.getfile(sys.modules[value.__module__]))


def test_one_file_leads_to_those_that_it_imports_and_to_no_other(tmp_path: Path) -> None:
    path = tmp_path / "kernel.py"
    path.write_text(
        "import numpy\n\n"
        "from spikeoff.learning import (\n    hebbian,\n    surrogate as s,\n)\n"
        "from spikeoff.coding.philox import philox4x32  # a function\n"
    )
    names = {found.name for found in reached(path)} - {"__init__.py"}
    assert names == {"kernel.py", "hebbian.py", "surrogate.py", "philox.py"}


def test_any_change_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "kernel.py"
    path.write_text("a = 1\n")
    before = digest(path)
    path.write_text("a = 2\n")
    assert digest(path) != before


def test_the_folder_of_the_package_does_not_matter(tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "spikeoff", ignore=shutil.ignore_patterns("mnist", "*.pyc"))
    path = ROOT / "kernels" / "rate_coding.py"
    program = (
        "from spikeoff.kernels.sources import ROOT, digest\n"
        "print(digest(ROOT / 'kernels' / 'rate_coding.py'))"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert elsewhere.stdout.strip() == digest(path)


def test_a_kernel_is_kept_in_the_folder_of_its_sources_and_in_none_named_for_their_place() -> None:
    images = Images(np.full((1, 2, 2), 200, np.uint8), np.zeros(1, np.uint8), np.zeros(1, np.int64))
    rate_coding.rate_code_events(images, 2, 0.5, seed=0, epoch=0)
    folder = cache_folder(Path(inspect.getfile(rate_coding)))
    assert list(folder.glob("rate_coding._draw-*.nbc"))
