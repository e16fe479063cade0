"""The threads of parallel loops go to sleep soon, where the user did not say how they wait."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from spikeoff.numerics.waiting import SPIN_COUNT

LIBRARIES = {
    "torch": "import torch",
    "numba": "from numba.np.ufunc.parallel import _launch_threads; _launch_threads()",
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have another OpenMP")
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("given", "turns"),
    [
        ({}, SPIN_COUNT),
        ({"GOMP_SPINCOUNT": "77"}, 77),
        ({"OMP_WAIT_POLICY": "passive"}, 0),
        ({"OMP_WAIT_POLICY": "active"}, 30_000_000_000),
    ],
)
def test_the_library_waits_as_long_as_it_should(
    library: str, given: dict[str, str], turns: int
) -> None:
    others = {k: v for k, v in os.environ.items() if not k.startswith(("GOMP_", "OMP_"))}
    done = subprocess.run(
        [sys.executable, "-c", f"import spikeoff; {LIBRARIES[library]}"], check=True, text=True,
        env={**others, "NUMBA_THREADING_LAYER": "omp", "OMP_DISPLAY_ENV": "verbose", **given},
        capture_output=True,
    )  # fmt: skip
    assert re.findall(r"GOMP_SPINCOUNT = '(\d+)'", done.stderr) == [str(turns)]
