"""With NUMBA_DISABLE_JIT=1 every kernel runs as Python, where it can be stepped through."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spikeoff.contenders.registry import BUILT_IN
from spikeoff.kernels.jit import COMPILES
from tests.kernels import tiny

pytestmark = pytest.mark.slow

ADAM_STEPS = 4 * 0.02
"""As many steps as a weight makes, each of the learning rate."""


def test_kernels_compute_the_same_compiled_and_in_python(tmp_path: Path) -> None:
    """All contenders learn here, and in a process that has the compiler switched the other way.

    Compiled kernels may contract a product and a sum, so numbers may differ by rounding. Adam
    divides a gradient by its own size: where one is next to nothing, rounding decides which way a
    weight goes, by at most its step size. So it may for a weight in a thousand.
    """
    assert tiny.SIZES.keys() == BUILT_IN.keys()
    done = subprocess.run(
        [sys.executable, "-W", "ignore::RuntimeWarning", "-m", "tests.kernels.tiny",
         str(tmp_path / "other.npz")],
        env={**os.environ, "NUMBA_DISABLE_JIT": str(int(COMPILES))},
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    here = tiny.results()
    with np.load(tmp_path / "other.npz") as other:
        assert set(other.files) == here.keys()
        for name, expected in here.items():
            found = other[name]
            assert (found.dtype, found.shape) == (expected.dtype, expected.shape), name
            apart = ~np.isclose(found, expected, rtol=1e-4, atol=1e-5)
            assert apart.sum() <= expected.size // 1000, name
            assert np.allclose(found, expected, rtol=1e-4, atol=ADAM_STEPS), name
    for contender in tiny.SIZES:
        before, after = (
            {key.split("/")[-1]: value for key, value in here.items()
             if key.startswith(f"{contender}/{when}/")}
            for when in ("before", "after")
        )  # fmt: skip
        assert any((before[key] != after[key]).any() for key in before), contender
