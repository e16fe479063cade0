"""Serial kernels on all threads: each part of the images by one thread.

Numba compiles a kernel whose own loop is parallel four times over, and a serial one once. Where a
part takes much longer than to hand it to a thread, threads of Python are about as fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from spikeoff.kernels.jit import set_threads
from spikeoff.numerics.mode import in_this_mode

R = TypeVar("R")


def in_parts(task: Callable[[slice], R], n: int, size: int, n_threads: int) -> Iterator[R]:
    """The results of ``task`` for parts of n images, in order; it must be read to its end.

    Args:
        task: calls kernels that release the lock of the interpreter, and writes to its part only.
        n: number of images.
        size: of a part; the last may be smaller.
        n_threads: threads that take parts.
    """
    parts = [slice(first, min(first + size, n)) for first in range(0, n, size)]
    if n_threads == 1 or len(parts) <= 1:
        yield from map(task, parts)
        return
    # A parallel kernel within a part has that part's thread alone.
    with ThreadPoolExecutor(min(n_threads, len(parts)), initializer=lambda: set_threads(1)) as pool:
        yield from pool.map(in_this_mode(task), parts)
