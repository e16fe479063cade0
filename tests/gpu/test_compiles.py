"""The kernels become machine code for GPUs that are not here, of the kind that we rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_every_launch_compiles(tmp_path: Path) -> None:
    """Nothing fused, so that spikes are autograd's; nothing spilled; no order left to chance."""
    environment = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.gpu.compiling", "80", "90"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    launches = [json.loads(line) for line in done.stdout.splitlines()]
    made = {(launch["kernel"], launch["target"][:5]) for launch in launches}
    kernels = ["_draw_spikes", "_draw_scale", "_forward", "_backward"]
    assert made == set(product(kernels, ["sm_80", "sm_90"]))
    for launch in launches:
        assert launch["machine_code"] == b"\x7fELF".hex()
        assert launch["fused"] == 0
        assert not launch["spilled"]
        assert not launch["atomic"]
