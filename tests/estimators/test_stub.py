"""What type checkers and editors know of the classifiers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import spikeoff
from tests.estimators.make_stub import STUB, stub

PACKAGE = Path(spikeoff.__file__).parent

USE = """
from spikeoff import CNNClassifier, DiehlCookClassifier, MLPClassifier

network = DiehlCookClassifier(n_e=400, learning="batched", random_state=None)
reveal_type(network.n_e)
MLPClassifier(hidden=(512, 256), image_shape=[28, 28])
DiehlCookClassifier(n_excitatory=400)
MLPClassifier(hidden="wide")
CNNClassifier(schedule="linaer")
MLPClassifier(dropout=None)
"""


def test_the_stub_says_what_the_configurations_say() -> None:
    pytest.importorskip("ruff")
    assert STUB.read_text() == stub(), "run python -m tests.estimators.make_stub"


@pytest.mark.slow
def test_mypy_accepts_right_parameters_and_names_wrong_ones(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "use.py").write_text(USE)
    known = [PACKAGE / "__init__.py", PACKAGE / "estimators" / "__init__.py", STUB]
    # Nothing else is followed, which would take mypy through all of PyTorch.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=skip", "--config-file=", "--cache-dir",
         str(tmp_path / "cache"), "use.py", *map(str, known)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert 'use.py:5: note: Revealed type is "int | None"' in done.stdout, done.stderr
    errors = re.findall(r"^use\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert dict(errors) == {"7": "call-arg", "8": "arg-type", "9": "arg-type", "10": "arg-type"}
