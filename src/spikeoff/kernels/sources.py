"""Which source files decide what a compiled kernel does."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

import spikeoff

ROOT = Path(spikeoff.__file__).parent

NEVER_COMPILED = ROOT / "__init__.py", ROOT / "errors.py", ROOT / "data"
"""Sources that no kernel is made of: names for users, exceptions, and what reads images."""

IMPORT = re.compile(
    r"^\s*(?:from|import)\s+(spikeoff[\w.]*)(?:\s+import\s+(\([^)]*\)|[^\n#]*))?", re.MULTILINE
)


def digest(path: Path) -> str:
    """A hash of a source file and of all modules of this package that it imports, and they.

    Numba inlines functions and constants from other files, and would notice a change only of the
    kernel's own file.

    Args:
        path: of the file that has the kernel.
    """
    hashed = hashlib.sha256()
    for source in (path, *sorted(reached(path))):
        hashed.update(_name(source).encode())
        hashed.update(source.read_bytes())
    return hashed.hexdigest()


def _name(source: Path) -> str:
    """A source file's name in the package, wherever the package lies."""
    return (source.relative_to(ROOT) if source.is_relative_to(ROOT) else source).as_posix()


def reached(path: Path) -> set[Path]:
    """A source file and all that it imports from this package, directly or not, for kernels."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        source = waiting.pop()
        if source not in found and not is_never_compiled(source):
            found.add(source)
            waiting += filter(None, map(_file, _imported(source)))
    return found


def is_never_compiled(source: Path) -> bool:
    """Whether kernels take nothing but types from a source file."""
    return not {source, *source.parents}.isdisjoint(NEVER_COMPILED)


@cache
def _imported(path: Path) -> tuple[str, ...]:
    """Names that a file imports from this package: modules, or what may be a module."""
    names: list[str] = []
    for source, members in IMPORT.findall(path.read_text(encoding="utf-8")):
        names.append(source)
        names += [f"{source}.{member}" for member in re.findall(r"\w+", members)]
    return tuple(names)


@cache
def _file(name: str) -> Path | None:
    """The source file of a module of this package; None if ``name`` is no such module."""
    place = ROOT.joinpath(*name.split(".")[1:])
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)
