"""Which packages are mutated, and by which tests each module is held."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.mutation.killing import ROOT

SOURCE = ROOT / "src" / "spikeoff"
TESTS = ROOT / "tests"

PACKAGES = {
    "neurons": SOURCE / "neurons",
    "learning": SOURCE / "learning",
    "coding": SOURCE / "coding",
    "ledger": SOURCE / "ledger",
    "statistics": SOURCE / "report" / "statistics.py",
}
FURTHER = {
    "neurons": ("ledger/test_account.py",),
    "learning": ("neurons", "kernels/test_tiles.py"),
    "ledger": ("test_own_networks.py",),
    "statistics": ("report/test_verdict.py",),
}
"""Tests beside those of the package of the same name."""

BY_OTHER_NAMES = {"step_recording": "test_own_networks.py"}
"""Modules whose tests do not import them."""


def modules(package: str) -> list[Path]:
    """The modules of a package that hold more than names."""
    place = PACKAGES[package]
    found = [place] if place.is_file() else sorted(place.rglob("*.py"))
    return [path for path in found if path.name != "__init__.py"]


def tests_of(package: str, module: Path) -> list[str]:
    """Files of tests that name the module; where none does, all in the folder of its name."""
    own = TESTS / package if PACKAGES[package].is_dir() else TESTS / "report" / f"test_{package}.py"
    files: list[Path] = []
    for place in (own, *(TESTS / name for name in FURTHER.get(package, ()))):
        files += [place] if place.is_file() else sorted(place.rglob("test_*.py"))
    named = [path for path in files if _names(path, module)]
    beside = [path for path in files if path.parent.name == module.parent.name]
    return [str(path) for path in named or beside]


def _names(test: Path, module: Path) -> bool:
    """Whether a test imports the module, or is called after it."""
    parts = module.relative_to(SOURCE.parent).with_suffix("").parts
    package, name = ".".join(parts[:-1]), parts[-1]
    if test.name in (f"test_{name}.py", BY_OTHER_NAMES.get(name)):
        return True
    imports = [
        one for one in ast.walk(ast.parse(test.read_text())) if isinstance(one, ast.ImportFrom)
    ]
    return any(
        one.module == f"{package}.{name}"
        or (one.module == package and any(name in alias.name for alias in one.names))
        for one in imports
    )
