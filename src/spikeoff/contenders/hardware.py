"""Where PyTorch and the kernels compute: the device, and how many threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from spikeoff.contenders.base import require
from spikeoff.errors import UserError
from spikeoff.kernels import jit
from spikeoff.ledger.environment import available_cores, default_threads
from spikeoff.numerics.mode import strictly

_MEMORY: Any = torch.utils.deterministic


def choose_device(name: str) -> str:
    """The PyTorch device for ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises:
        UserError: the named device is not there.
    """
    available: dict[str, Callable[[], bool]] = {
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
        "cpu": lambda: True,
    }
    if name == "auto":
        name = next(device for device, is_there in available.items() if is_there())
    if not available[name]():
        raise UserError(
            f"`device` (={name}) is not available to PyTorch here; use cpu, or auto to choose"
        )
    if name == "cuda":
        # What cuBLAS needs to give the same bits every time; read when it starts.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    return name


def thread_count(n: int | None) -> int:
    """``n`` threads, by default ``default_threads``.

    Raises:
        UserError: there are fewer cores.
    """
    cores = available_cores()
    threads = n or default_threads()
    require("num_threads", threads, threads <= cores, f"at most {cores}, the cores to be had here")
    return threads


def use_threads(n: int | None) -> int:
    """Let PyTorch and kernels run on ``n`` threads (``thread_count``); returns how many.

    Raises:
        UserError: there are fewer cores.
    """
    threads = thread_count(n)
    torch.set_num_threads(threads)
    jit.set_threads(threads)
    return threads


@contextmanager
def computing(threads: int, *, strict: bool = False) -> Iterator[None]:
    """PyTorch and kernels on so many threads, with the same bits every time; then as before.

    Args:
        threads: of both.
        strict: whether kernels and equations compute in strict mode (``numerics.mode``).
    """
    with settings_restored(), strictly(strict):
        torch.set_num_threads(threads)
        jit.set_threads(threads)
        # use_deterministic_algorithms does the same, but loads PyTorch's compiler: seconds for a
        # run.
        torch.set_deterministic_debug_mode("warn")
        # Nothing here reads memory that it did not write; to fill it costs a tenth of cnn's time.
        _MEMORY.fill_uninitialized_memory = False
        yield


@contextmanager
def settings_restored() -> Iterator[None]:
    """Whatever happens within, PyTorch's and the kernels' settings are as before behind it."""
    before = torch.get_num_threads(), jit.threads()
    mode = torch.get_deterministic_debug_mode()
    filled = _MEMORY.fill_uninitialized_memory
    try:
        yield
    finally:
        _MEMORY.fill_uninitialized_memory = filled
        torch.set_deterministic_debug_mode(mode)
        torch.set_num_threads(before[0])
        jit.set_threads(before[1])
