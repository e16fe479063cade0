"""Whether the tests notice that a module was changed.

The tests run in a copy of this process (``fork``), which has imported every library but nothing of
spikeoff: so a mutant costs its tests, not the imports. The copy imports the changed source in place
of the file, which stays as it is. Kernels run as Python there (``NUMBA_DISABLE_JIT``).
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Sequence
from enum import StrEnum
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType

import pytest
from hypothesis import Phase, settings

from tests.mutation.mutants import Mutant

ROOT = Path(__file__).parents[2]
FAST = "not slow and not cluster and not browser and not reference and not gpu"
SLOW_IN_PYTHON = (
    "thread_count or departures_are_few or steps_end_in_the_answer or both_engines_of or "
    "two_layers_are_kept or missing_digit"
)
"""Tests that train networks, or are laws of compiled code alone."""

OPTIONS = [
    "-x", "-q", "--assert=plain", "-m", FAST, "-k", f"not ({SLOW_IN_PYTHON})",
    "-o", "addopts=--strict-markers",
    "-p", "no:cacheprovider", "-W", "ignore:overflow encountered:RuntimeWarning",
]  # fmt: skip
"""Integers of kernels wrap around on purpose. What failed is not shown, so nothing explains it."""


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class _Changed(SourceFileLoader):
    """Imports the mutant of a module."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder:
    """Finds the mutant before Python finds the module."""

    def __init__(self, mutant: Mutant) -> None:
        self._path = str(mutant.module)
        self._name = ".".join(mutant.module.relative_to(ROOT / "src").with_suffix("").parts)
        self._source = mutant.source()

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        return spec_from_file_location(
            name, self._path, loader=_Changed(name, self._path, self._source)
        )


class _Once:
    """Keeps Hypothesis from looking for the smallest example of a failure: one is enough."""

    def pytest_collection(self) -> None:
        """Set it after ``conftest`` did, and before tests take it over."""
        given = settings.get_profile("spikeoff")
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("once", given, phases=phases, derandomize=True, database=None)
        settings.load_profile("once")


def outcome(mutant: Mutant | None, tests: Sequence[str], seconds: float) -> Outcome:
    """Run tests until one fails.

    Args:
        mutant: the change; None for none, under which all must pass.
        tests: files of them.
        seconds: of processor time, after which a mutant counts as noticed.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = _run(mutant, tests, seconds)
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended) and os.WTERMSIG(ended) in (signal.SIGXCPU, signal.SIGKILL):
        return Outcome.TIMED_OUT
    return Outcome.KILLED if ended else Outcome.SURVIVED


def _run(mutant: Mutant | None, tests: Sequence[str], seconds: float) -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    if mutant is not None:
        sys.meta_path.insert(0, _Finder(mutant))
    output = os.open(os.devnull, os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    return int(pytest.main([*OPTIONS, *tests], plugins=[_Once()]))
