"""Processes of our own, whatever program started us."""

from __future__ import annotations

import sys
from multiprocessing.process import BaseProcess
from types import ModuleType


def start(process: BaseProcess) -> None:
    """Start a process of the method ``spawn`` that does not import the program again.

    By default it would run the script that called us a second time, to find there what it is to
    do: an endless circle where the script has no ``__main__`` guard, and impossible for standard
    input. What we let processes do is in this package.
    """
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        process.start()
    finally:
        sys.modules["__main__"] = program
