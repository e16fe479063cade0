"""In strict mode, spiking networks have the same bits on every processor.

The other processor here is this one without its vector and fused instructions: Numba compiles for
any 64-bit processor of its kind, and NumPy, PyTorch, BLAS and the C library choose code without
AVX and FMA.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from spikeoff.kernels.jit import COMPILES
from spikeoff.ledger.environment import available_cores

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not COMPILES, reason="kernels are plain Python here"),
]

core: Any = import_module("numpy._core._multiarray_umath")

PLAIN_PROCESSOR = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NPY_DISABLE_CPU_FEATURES": " ".join(
        name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]
    ),
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "OPENBLAS_CORETYPE": "Nehalem",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA,-FMA4",
}


def bits(threads: int, environment: dict[str, str]) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.parity.bits", "strict", str(threads)],
        env={**os.environ, **environment}, cwd=Path(__file__).parents[2], capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def test_the_same_bits_with_and_without_vectors_and_on_any_threads() -> None:
    here = bits(1, {})
    assert all(one["accuracy"] > 0.2 for one in here.values()), here
    assert bits(min(2, available_cores()), {}) == here
    assert bits(1, PLAIN_PROCESSOR) == here
