"""The fast tests with other versions: ``python -m tests.versions PYTHON oldest|newest``.

Makes a virtual environment, installs the package without extras, and runs a part of the fast tests.
``oldest`` installs the lower bounds in ``pyproject.toml``, ``newest`` the newest versions that pip
finds. A lower bound that does not pass has to be raised.

``--at torch==2.13.0`` replaces one version, for a machine with a single build of a large package;
``--without torch`` leaves it out, and tests that import it are skipped.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"
TESTS = ("api", "coding", "data", "learning", "ledger", "neurons", "report")
QUICK = "not slow and not cluster and not browser and not reference and not gpu"
TOOLS = ("hypothesis", "pytest")
"""Of the extra ``test``: what these tests need."""

VARIABLE = "SPIKEOFF_TESTS_WITHOUT"
"""In the environment of the tests: a module that is to count as not installed."""

REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[.*\])?>=(?P<bound>[\d.]+)")


def lower_bounds() -> dict[str, str]:
    """The oldest version that ``pyproject.toml`` admits, for every dependency and test tool."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["test"]
    found = [REQUIREMENT.match(text) for text in [*project["dependencies"], *extra]]
    bounds = {match["name"]: match["bound"] for match in found if match}
    own = {match["name"] for match in found[: len(project["dependencies"])] if match}
    return {name: bound for name, bound in bounds.items() if name in own or name in TOOLS}


def requirements(which: str, at: str | None, without: str | None) -> list[str]:
    """What pip is asked to install, before the package itself."""
    relation = "==" if which == "oldest" else ">="
    asked = {name: f"{name}{relation}{bound}" for name, bound in lower_bounds().items()}
    if at is not None:
        asked[at.partition("==")[0]] = at
    if without is not None:
        del asked[without]
    return list(asked.values())


def check(python: str, which: str, folder: Path, at: str | None, without: str | None) -> int:
    """Install and test; the exit status of pytest."""
    own = str(folder / BIN / "python")
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    pip = [own, "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "--quiet", "--no-compile"]
    subprocess.run([*install, *requirements(which, at, without)], check=True)
    subprocess.run([*install, "--no-deps", "--editable", str(ROOT)], check=True)
    subprocess.run([own, "--version"], check=True)
    subprocess.run([*pip, "list", "--format=freeze"], check=True)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "kernels"), VARIABLE: without or ""}
    tests = [f"tests/{name}" for name in TESTS]
    done = subprocess.run([own, "-m", "pytest", "-p", "tests.versions", "-m", QUICK, *tests],
                          cwd=ROOT, env=environment, check=False)  # fmt: skip
    return done.returncode


class _Absent:
    """Skips the test or the file of tests that imports a module which is left out."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name.partition(".")[0] == self._name:
            import pytest

            pytest.skip(f"without {self._name}", allow_module_level=True)


def pytest_configure() -> None:
    """Pytest calls this in the new environment, where this module is a plugin."""
    if name := os.environ.get(VARIABLE):
        sys.meta_path.insert(0, _Absent(name))


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.versions")
    parser.add_argument("python", help="an interpreter, such as python3.13")
    parser.add_argument("which", choices=("oldest", "newest"))
    parser.add_argument("--at", metavar="NAME==VERSION", help="one version instead of another")
    parser.add_argument("--without", metavar="NAME", help="a dependency that is not installed")
    parser.add_argument("--folder", type=Path, help="where the environment is kept")
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        return check(asked.python, asked.which, folder.resolve(), asked.at, asked.without)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
