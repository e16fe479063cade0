"""Processes of our own, whatever program started us."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from spikeoff.run.signals import stop_signals_later

LIBRARIES = ("torch", "numba")
"""What takes longest to import; modules of this package are not here, for they may be edited
between two runs."""

THEIR_VARIABLES = (
    "CUDA", "GOMP_", "KMP_", "LD_", "MKL_", "NUMBA_", "OMP_", "OPENBLAS_", "PYTHON", "PYTORCH",
    "TORCH",
)  # fmt: skip
"""How the environment variables begin that libraries read when they are imported."""

_imported_under: list[dict[str, str]] = []
"""Such variables when the libraries were imported; none before."""


def start_process(target: Callable[..., object], arguments: tuple[Any, ...]) -> BaseProcess:
    """A new process that calls ``target`` and shares no state with this one.

    By default it would run the script that called us a second time, to find there what it is to
    do: an endless circle where the script has no ``__main__`` guard, and impossible for standard
    input. What we let processes do is in this package.
    """
    context: Any = _context()
    process: BaseProcess = context.Process(
        target=_begin, args=(dict(os.environ), target, arguments)
    )
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        with stop_signals_later(), _interrupt_kept_from_children():
            process.start()
    finally:
        sys.modules["__main__"] = program
    return process


@contextmanager
def _interrupt_kept_from_children() -> Iterator[None]:
    """Block Ctrl-C in processes that start within.

    A terminal sends it to all of them, and the one that imports the libraries would end with a
    traceback. The program that started them decides what becomes of them.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would be started within, and let the signal through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _context() -> BaseContext:
    """Copies of a process that has imported the libraries, where the system can make them.

    That saves about 2 s of processor time each. Under other variables that libraries read, a
    process imports them itself.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    now = {name: value for name, value in os.environ.items() if name.startswith(THEIR_VARIABLES)}
    if not _imported_under:
        multiprocessing.set_forkserver_preload(list(LIBRARIES))
        _imported_under.append(now)
    return multiprocessing.get_context("forkserver" if _imported_under == [now] else "spawn")


def _begin(
    environment: dict[str, str], target: Callable[..., object], arguments: tuple[Any, ...]
) -> None:
    """Call ``target`` in a new process with the environment of the program."""
    os.environ.clear()
    os.environ.update(environment)
    target(*arguments)
