"""What ``import spikeoff`` loads, and the examples of docs/python.md and the README."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import spikeoff

ROOT = Path(__file__).parents[2]


def test_importing_the_package_loads_no_library() -> None:
    code = (
        "import sys, spikeoff; "
        "print(sorted({'numpy', 'torch', 'numba', 'sklearn', 'rich'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_importing_what_is_used_draws_no_random_number() -> None:
    pytest.importorskip("torch")  # some names need it
    code = (
        "import random, spikeoff\n"
        "before = random.getstate()\n"
        "for name in spikeoff.__all__:\n"
        "    getattr(spikeoff, name)\n"
        "print(random.getstate() == before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_every_public_name_is_found_and_no_other() -> None:
    assert all(hasattr(spikeoff, name) for name in spikeoff.__all__)
    assert set(dir(spikeoff)) == set(spikeoff.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = spikeoff.no_such_name


def test_a_users_mistake_is_a_value_error() -> None:
    assert issubclass(spikeoff.UserError, ValueError)


def test_every_name_of_the_table_in_the_documentation_exists() -> None:
    page = (ROOT / "docs" / "python.md").read_text()
    first_table = page.partition("## ")[0]
    named = set(re.findall(r"^\| `(\w+)", first_table, re.MULTILINE))
    assert named >= set(spikeoff.__all__) - {"__version__", "Dataset"}
    assert named <= set(spikeoff.__all__)


PAGES = [ROOT / "docs" / "python.md", ROOT / "README.md"]
PRINTED = [
    block
    for page in PAGES
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    if "spikeoff" in block and not block.startswith("# nearest_mean.py")
]
EXAMPLES = [
    block
    for block in PRINTED
    if not any(set(block.splitlines()) < set(other.splitlines()) for other in PRINTED)
]
"""Those that are no part of another one."""


@pytest.mark.slow
@pytest.mark.parametrize("code", EXAMPLES)
def test_the_example_runs_as_printed(code: str, tmp_path: Path) -> None:
    """From standard input, as a script without a ``__main__`` guard."""
    done = subprocess.run(
        [sys.executable, "-"], input=code, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
