"""A run's address: a hash of everything that its results depend on.

    contender, settings     without those that change no result: folder, checkpoints, how long
                            speed and energy are measured; threads where the contender gives the
                            same bits on any number of them; with the content of named files
    data                    SHA-256 of all images and labels, whatever file they came from
    program                 version and SHA-256 of the sources, so that results of changed code are
                            never taken for those of this one, committed or not; the libraries'
                            versions

The kind of processor is not part of it, though PyTorch promises its bits for one kind only.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import spikeoff
from spikeoff.contenders.base import Config, Contender, threads_may_decide
from spikeoff.contenders.effects import Effect, effects
from spikeoff.contenders.registry import find
from spikeoff.errors import UserError
from spikeoff.ledger.environment import default_threads, libraries
from spikeoff.run.json_files import plain

LIBRARIES_OF = {"tensorflow": ("tensorflow", "tensorflow-cpu", "keras"), "brian2": ("brian2",)}
"""What an engine computes with, beside what all do."""


def address(contender: str, config: Config, data: str, device: str) -> str:
    """The address of a run, 64 hexadecimal digits.

    Args:
        contender: who learns.
        config: how.
        data: SHA-256 of the data set.
        device: what ``auto`` means where it runs.

    Raises:
        UserError: a file that the configuration names cannot be read.
    """
    kind = find(contender)
    counted = settings(kind, config)
    for name, effect in effects(type(config)).items():
        value = getattr(config, name)
        if effect is Effect.DATA:
            del counted[name]
        elif effect is Effect.DEVICE and value == "auto":
            counted[name] = device
        elif isinstance(value, Path) and name in counted:
            counted[name] = _content(value)
    content = {
        "contender": contender,
        "settings": counted,
        "data": data,
        "program": program(),
        "contender_source": _foreign_source(kind),
        "libraries": _versions(str(counted.get("engine"))),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def settings(kind: type[Contender], config: Config) -> dict[str, Any]:
    """The settings that results depend on, as JSON has them."""
    threads = config.num_threads or default_threads()
    values = plain(replace(config.resolved(), num_threads=threads))
    counted: dict[str, Any] = {}
    for name, effect in effects(type(config)).items():
        if effect is Effect.MEASURING:
            counted[name] = values[name] > 0
        elif effect is Effect.SPEED and not threads_may_decide(kind, config):
            counted[name] = None
        elif effect is not Effect.NONE:
            counted[name] = values[name]
    if not config.strict:
        del counted["strict"]  # addresses from before there was a strict mode still stand
    return counted


@cache
def program() -> str:
    """Version and sources of this package, as one hash."""
    digest = hashlib.sha256(spikeoff.__version__.encode())
    root = Path(spikeoff.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def _versions(engine: str) -> str:
    return json.dumps(libraries(LIBRARIES_OF.get(engine, ())))


def _foreign_source(kind: type[Contender]) -> str | None:
    """SHA-256 of the Python files of the package of a contender that others registered.

    Of one in a single file, the files beside it that it imports count too, and they that these do.
    """
    top = kind.__module__.partition(".")[0]
    if top == spikeoff.__name__:
        return None
    file = getattr(sys.modules.get(top), "__file__", None)
    folders = [Path(one) for one in getattr(sys.modules.get(top), "__path__", ())]
    if folders:
        sources = [path for folder in folders for path in folder.rglob("*.py")]
    else:
        sources = _beside(Path(file)) if file else []
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest() if sources else None


def _beside(file: Path) -> list[Path]:
    """A file and the modules in its folder that it imports, directly or not."""
    found: list[Path] = []
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.append(path)
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            for name in names:
                place = path.parent.joinpath(*name.split("."))
                waiting += [place.with_suffix(".py"), place / "__init__.py"] if name else []
    return found


def _content(path: Path) -> Mapping[str, str]:
    """SHA-256 of a file, or of those in a folder and in the folders right below it, by name."""
    if path.is_file():
        return {"": _digest(path)}
    found = sorted(one for pattern in ("*", "*/*") for one in path.glob(pattern) if one.is_file())
    return {one.relative_to(path).as_posix(): _digest(one) for one in found}


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
