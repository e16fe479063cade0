"""JavaScript modules as one script: dependencies first, without their imports and exports.

The modules share one scope in the page, so a top-level name may stand in one of them only.
"""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

IMPORT = re.compile(r'^import\s[^;]*?\sfrom\s+"([^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export\s+(?=(async\s+)?(function|class|const)\b)", re.MULTILINE)


def bundle(entry: str, root: Traversable | None = None) -> str:
    """The module ``entry`` and all that it imports, as one script.

    Args:
        entry: path of the module below ``root``.
        root: folder of the modules; by default that of the page's.
    """
    root = files("spikeoff.report.lab").joinpath("assets") if root is None else root
    parts: dict[str, str] = {}
    _collect(PurePosixPath(entry), root, parts)
    return '(() => {\n"use strict";\n' + "\n".join(parts.values()) + "})();\n"


def _collect(path: PurePosixPath, root: Traversable, parts: dict[str, str]) -> None:
    """Add a module to ``parts``, those that it imports before it."""
    if str(path) in parts:
        return
    source = root.joinpath(str(path)).read_text(encoding="utf-8")
    for other in IMPORT.findall(source):
        _collect(_resolved(path.parent / other), root, parts)
    parts[str(path)] = EXPORT.sub("", IMPORT.sub("", source))


def _resolved(path: PurePosixPath) -> PurePosixPath:
    """A path without ``.`` and ``..``."""
    kept: list[str] = []
    for part in path.parts:
        if part == "..":
            kept.pop()
        elif part != ".":
            kept.append(part)
    return PurePosixPath(*kept)
