"""Two threads of a program may use kernels at once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import threading
import numba
import numpy as np
from spikeoff.kernels.jit import kernel

@kernel
def total(values):
    result = np.zeros(len(values))
    for i in numba.prange(len(values)):
        result[i] = values[i].sum()
    return result

values = np.ones((4, 2_000))
total(values)
def many():
    for _ in range(300):
        assert total(values).sum() == values.size
threads = [threading.Thread(target=many) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(numba.threading_layer())
"""


@pytest.mark.slow
def test_the_layer_that_is_not_made_for_it_is_locked() -> None:
    environment = {**os.environ, "NUMBA_THREADING_LAYER": "workqueue", "NUMBA_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "workqueue\n"
