"""Which packages are mutated, and by which tests each module is held."""

from __future__ import annotations

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
    "coding": (),
    "ledger": (),
    "statistics": ("report/test_verdict.py",),
}
"""Tests beside those of the package of the same name."""

TRAIN = {TESTS / "ledger" / "test_raster.py"}
"""Tests that train networks: for the modules that they name only, since kernels run as Python."""


def modules(package: str) -> list[Path]:
    """The modules of a package that hold more than names."""
    place = PACKAGES[package]
    found = [place] if place.is_file() else sorted(place.rglob("*.py"))
    return [path for path in found if path.name != "__init__.py"]


def tests_of(package: str, module: Path) -> list[list[str]]:
    """Files of tests in two groups: those that name the module, then the others."""
    own = TESTS / package if PACKAGES[package].is_dir() else TESTS / "report" / f"test_{package}.py"
    files: list[Path] = []
    for place in (own, *(TESTS / name for name in FURTHER[package])):
        files += [place] if place.is_file() else sorted(place.rglob("test_*.py"))
    named = [path for path in files if _names(path, module)]
    others = [path for path in files if path not in named and path not in TRAIN]
    return [[str(path) for path in group] for group in (named, others)]


def _names(test: Path, module: Path) -> bool:
    """Whether a test imports the module, or is called after it."""
    parts = module.relative_to(SOURCE.parent).with_suffix("").parts
    package, name = ".".join(parts[:-1]), parts[-1]
    text = test.read_text()
    return test.name == f"test_{name}.py" or any(
        f"{package}.{name}" in line or (f"from {package} import" in line and name in line)
        for line in text.splitlines()
    )
