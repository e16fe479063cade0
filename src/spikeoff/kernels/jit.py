"""How this project compiles with Numba: options, cache and threads, in one place."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import binding
from numba.extending import intrinsic, register_jitable

from spikeoff import cache_folder as caches
from spikeoff.kernels.sources import digest

settings: Any = numba.config

LOCATOR = "spikeoff.kernels.cache_locator.SourceCacheLocator"
"""The class that names the place of a compiled kernel, as Numba's setting wants it."""

COMPILES = not settings.DISABLE_JIT
"""False with NUMBA_DISABLE_JIT=1: kernels are then plain Python, to be stepped through."""


def _take_whole_vectors() -> None:
    """Let the compiler weigh AVX-512 loops as they run, unless the user chose a target.

    For Intel's processors LLVM otherwise assumes that wide vectors lower the clock, as they did in
    2017, and then takes a quarter of their width for loops that divide: half the speed.
    """
    features = binding.get_host_cpu_features().flatten()
    if not (settings.CPU_NAME or settings.CPU_FEATURES) and "+avx512f" in features.split(","):
        settings.CPU_FEATURES = f"{features},-prefer-256-bit"


_take_whole_vectors()

F = TypeVar("F", bound=Callable[..., Any])

# Contraction and reciprocals may round differently from NumPy by an ulp; sums stay in order, so
# a result does not depend on threads or vector width.
FAST_MATH = {"contract", "nsz"}

OPTIONS: Any = {"fastmath": FAST_MATH, "error_model": "numpy"}
"""How every function inside a kernel is compiled."""


@cache
def cache_folder(path: Path) -> Path:
    """Where the compiled kernels of a file are kept: a folder for each state of its sources.

    Raises:
        OSError: no folder can be used.
    """
    state = hashlib.sha256(f"{numba.__version__} {digest(path)}".encode())
    return kernel_folder() / state.hexdigest()[:16]


def kernel_folder() -> Path:
    """Where the folders of all compiled kernels lie: in NUMBA_CACHE_DIR, where that is set.

    Raises:
        OSError: no folder can be used.
    """
    given = settings.CACHE_DIR
    return (Path(given) if given else caches.cache_folder()) / "kernels"


def compiler_state() -> str:
    """What compiled code depends on beside its sources: versions, processor, its features."""
    processor = settings.CPU_NAME or binding.get_host_cpu_name()
    features = settings.CPU_FEATURES or binding.get_host_cpu_features().flatten()
    return f"{sys.version} {numba.__version__} {processor} {features}"


def kernel(function: F) -> F:
    """Compile a kernel whose outer loop runs on all threads, and keep it across processes.

    Threads of the program may call kernels at once; Numba's layer ``workqueue``, which is the one
    without TBB and OpenMP, aborts the process then. With it, one call waits for the other.
    """
    dispatcher = _compiled(function, parallel=True)
    if not COMPILES:
        return function

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        with _one_at_a_time():
            return dispatcher(*arguments)

    return cast(F, call)


@functools.cache
def _one_at_a_time() -> contextlib.AbstractContextManager[Any]:
    """A lock where the threading layer needs one; nothing where it is safe."""
    numba.get_num_threads()  # starts the layer, which has a name then
    unsafe = cast(Any, numba).threading_layer() == "workqueue"
    return threading.RLock() if unsafe else contextlib.nullcontext()


def serial_kernel(function: F) -> F:
    """Compile a kernel that runs on one thread, and keep it across processes."""
    return _compiled(function, parallel=False)


def no_refcount_kernel(function: F) -> F:
    """Compile a serial kernel that neither makes arrays nor counts references to those it is given.

    Numba counts by atomic instructions, thirty and more in a step that takes a microsecond.
    """
    return _compiled(function, parallel=False, _nrt=False)


def noalias_kernel(function: F) -> F:
    """Compile a lean kernel whose arrays share no memory where it writes: C's ``restrict``.

    The compiler need then not check at every call, for every pair of arrays, whether they overlap;
    for short rows the checks cost more than the work.
    """
    dispatcher = no_refcount_kernel(function)
    if COMPILES:
        cast(Any, dispatcher)._compiler._customize_flags = _set_noalias
    return dispatcher


def _set_noalias(flags: Any) -> Any:
    flags.noalias = True
    return flags


def inlined(function: F) -> F:
    """Compile a part of kernels into each of its callers: for what is called at every step.

    A call that passes many arrays costs more than a step of a small layer: each is counted in and
    out.
    """
    return cast(F, numba.njit(inline="always", **OPTIONS)(function))


def jitable(*functions: Callable[..., Any]) -> None:
    """Let kernels call these plain arithmetic functions, under their own names.

    A function stays what it is for everyone else; inside kernels the compiler inlines it.
    """
    for function in functions:
        register_jitable(**OPTIONS)(function)


def llvm(plain: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Make a function that is written in LLVM's language; callers leave out its first argument.

    ``plain`` does the same in Python and takes its place where nothing is compiled.
    """
    return intrinsic if COMPILES else lambda _: plain


def _compiled(function: F, **options: Any) -> F:
    if not COMPILES:
        return function
    dispatcher = numba.njit(nogil=True, boundscheck=False, **OPTIONS, **options)(function)
    try:
        with _keeping_in(cache_folder(Path(function.__code__.co_filename))):
            dispatcher.enable_caching()
    except (RuntimeError, OSError):
        pass  # no folder can be written: the kernel is compiled in every process
    return cast(F, dispatcher)


@contextlib.contextmanager
def _keeping_in(folder: Path) -> Iterator[None]:
    """Numba's settings, such that it keeps what it compiles in this very folder."""
    before = settings.CACHE_DIR, getattr(settings, "CACHE_LOCATOR_CLASSES", "")  # since 0.62
    settings.CACHE_DIR, settings.CACHE_LOCATOR_CLASSES = str(folder), LOCATOR
    try:
        yield
    finally:
        settings.CACHE_DIR, settings.CACHE_LOCATOR_CLASSES = before


def set_threads(n: int) -> None:
    """Let kernels run on ``n`` threads (at most the cores that Numba found)."""
    numba.set_num_threads(min(n, settings.NUMBA_NUM_THREADS))


def threads() -> int:
    """On how many threads kernels run."""
    return int(numba.get_num_threads())
