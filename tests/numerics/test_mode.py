"""Strict mode holds where it was asked for, and nowhere else."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from spikeoff.kernels.jit import Kernel, cache_folder, serial_kernel
from spikeoff.numerics.mode import in_this_mode, is_strict, strictly


@serial_kernel
def inner(a: Any, b: Any, c: Any) -> Any:
    return a * b + c


@serial_kernel
def outer(a: Any, b: Any, c: Any) -> Any:
    return inner(a, b, c)


def flags_of(kernel: Any) -> Any:
    assert isinstance(kernel, Kernel)
    return kernel.dispatcher().targetoptions.get("fastmath")


def test_the_mode_ends_with_its_block_also_after_an_error() -> None:
    assert not is_strict()
    with strictly(True):
        assert is_strict()
        with strictly(False):
            assert not is_strict()
        assert is_strict()
    try:
        with strictly(True):
            raise ValueError
    except ValueError:
        assert not is_strict()


def test_a_thread_has_its_own_mode_unless_the_function_brings_one() -> None:
    found: dict[str, bool] = {}
    with strictly(True):

        @in_this_mode
        def brings() -> None:
            found["brings"] = is_strict()

        def plain() -> None:
            found["plain"] = is_strict()

        for function in (brings, plain):
            thread = threading.Thread(target=function)
            thread.start()
            thread.join()
    assert found == {"brings": True, "plain": False}


def test_a_kernel_is_compiled_once_for_each_mode_and_kept_in_two_folders() -> None:
    assert flags_of(inner) == {"contract", "nsz"}
    default = inner.dispatcher()  # type: ignore[attr-defined]
    with strictly(True):
        assert flags_of(inner) is None
        assert inner.dispatcher() is not default  # type: ignore[attr-defined]
    assert inner.dispatcher() is default  # type: ignore[attr-defined]
    path = Path(__file__)
    assert cache_folder(path) != cache_folder(path, strict=True)


def test_a_strict_kernel_rounds_a_product_before_it_adds() -> None:
    a, b = 1.0 + 2.0**-30, 1.0 - 2.0**-30
    with strictly(True):
        assert outer(a, b, -1.0) == a * b - 1.0 == 0.0
    assert outer(a, b, -1.0) in (0.0, -(2.0**-60))
    with strictly(True):
        assert outer(np.float32(1.0), np.float32(2.0), np.float32(3.0)) == 5.0
