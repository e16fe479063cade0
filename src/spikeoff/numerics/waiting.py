"""How long the threads of a parallel loop wait actively for one another."""

from __future__ import annotations

import os

SPIN_COUNT = 1000
"""Turns of GNU OpenMP's waiting loop before a thread goes to sleep."""


def wait_briefly() -> None:
    """Let the threads of PyTorch and Numba sleep soon, unless the user said how they wait.

    By default they wait actively for up to 300,000 turns. That saves little while each has a core
    for itself. Where another program takes one, the others wait at every loop until the system
    lets the missing one run, which slowed trainings of small batches 3 to more than 15 times.

    GNU OpenMP reads the variable when PyTorch or Numba loads it, so this works in a process where
    they have not been imported, and in those that it starts.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPIN_COUNT))
