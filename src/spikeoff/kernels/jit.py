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
from numba import types
from numba.extending import intrinsic, register_jitable

from spikeoff import cache_folder as caches
from spikeoff.kernels.sources import digest
from spikeoff.numerics.mode import is_strict

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

# Contraction may round differently from NumPy by an ulp; sums stay in order, so a result does not
# depend on threads or vector width. In strict mode, nothing is contracted either.
FAST_MATH = {"contract", "nsz"}

OPTIONS: Any = {"error_model": "numpy"}
"""How every function inside a kernel is compiled; whether it contracts, it has from its caller."""


@cache
def cache_folder(path: Path, *, strict: bool = False, whole: bool = True) -> Path:
    """Where the compiled kernels of a file are kept: a folder for each state of its sources.

    Args:
        path: of the file.
        strict: those of strict mode.
        whole: those that Python calls, or else those that other kernels call.

    Raises:
        OSError: no folder can be used.
    """
    state = f"{numba.__version__} {digest(path)}"
    state += (" strict" if strict else "") + ("" if whole else " part")
    return kernel_folder() / hashlib.sha256(state.encode()).hexdigest()[:16]


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


_MAKING = threading.Lock()
"""Held while Numba's settings name the folder of a kernel."""


class Kernel:
    """A function that is compiled when it is first called: by default, and again in strict mode.

    A kernel that calls another gets that of its own mode, compiled without what Python needs to
    call it: a small kernel that takes whole networks has much code to take them apart.
    ``customise`` changes Numba's flags.
    """

    def __init__(
        self, function: Callable[..., Any], customise: Callable[[Any], Any] | None, **options: Any
    ) -> None:
        functools.update_wrapper(self, function)
        self._function, self._customise, self._options = function, customise, options
        self._compiled: dict[tuple[bool, bool], Any] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Compute in the mode of this thread."""
        return self.dispatcher()(*arguments)

    @property
    def _numba_type_(self) -> Any:
        """What Numba takes a kernel for that other kernels call."""
        return types.Dispatcher(self._made(whole=False))

    def dispatcher(self) -> Any:
        """Numba's own, for calls from Python in the mode of this thread."""
        return self._made(whole=True)

    def _made(self, *, whole: bool) -> Any:
        key = is_strict(), whole
        if key not in self._compiled:
            with _MAKING:
                self._compiled.setdefault(key, self._make(*key))
        return self._compiled[key]

    def _make(self, strict: bool, whole: bool) -> Any:
        fast: Any = {} if strict else {"fastmath": FAST_MATH}
        entries: Any = {"no_cpython_wrapper": not whole, "no_cfunc_wrapper": True}
        made: Any = numba.njit(
            nogil=True, boundscheck=False, **entries, **fast, **OPTIONS, **self._options
        )(self._function)
        if self._customise is not None:
            made._compiler._customize_flags = self._customise
        try:
            source = Path(self._function.__code__.co_filename)
            with _keeping_in(cache_folder(source, strict=strict, whole=whole)):
                made.enable_caching()
        except (RuntimeError, OSError):
            pass  # no folder can be written: the kernel is compiled in every process
        return made


class ParallelKernel(Kernel):
    """A kernel whose outer loop runs on all threads.

    Threads of the program may call kernels at once; Numba's layer ``workqueue``, which is the one
    without TBB and OpenMP, aborts the process then. With it, one call waits for the other.
    """

    def __call__(self, *arguments: Any) -> Any:
        """Compute in the mode of this thread."""
        with _one_at_a_time():
            return super().__call__(*arguments)


def kernel(function: F) -> F:
    """Compile a kernel whose outer loop runs on all threads, and keep it across processes."""
    return cast(F, ParallelKernel(function, None, parallel=True)) if COMPILES else function


@functools.cache
def _one_at_a_time() -> contextlib.AbstractContextManager[Any]:
    """A lock where the threading layer needs one; nothing where it is safe."""
    numba.get_num_threads()  # starts the layer, which has a name then
    unsafe = cast(Any, numba).threading_layer() == "workqueue"
    return threading.RLock() if unsafe else contextlib.nullcontext()


def serial_kernel(function: F) -> F:
    """Compile a kernel that runs on one thread, and keep it across processes."""
    return _serial(function, None)


def no_refcount_kernel(function: F) -> F:
    """Compile a serial kernel that neither makes arrays nor counts references to those it is given.

    Numba counts by atomic instructions, thirty and more in a step that takes a microsecond.
    """
    return _serial(function, None, _nrt=False)


def noalias_kernel(function: F) -> F:
    """Compile a lean kernel whose arrays share no memory where it writes: C's ``restrict``.

    The compiler need then not check at every call, for every pair of arrays, whether they overlap;
    for short rows the checks cost more than the work.
    """
    return _serial(function, _set_noalias, _nrt=False)


def _serial(function: F, customise: Callable[[Any], Any] | None, **options: Any) -> F:
    return cast(F, Kernel(function, customise, **options)) if COMPILES else function


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

    A function stays what it is for everyone else; inside kernels the compiler inlines it. It is
    compiled in the mode of the kernel that calls it.
    """
    for function in functions:
        register_jitable(**OPTIONS)(function)


def llvm(plain: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Make a function that is written in LLVM's language; callers leave out its first argument.

    ``plain`` does the same in Python and takes its place where nothing is compiled.
    """
    return intrinsic if COMPILES else lambda _: plain


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
