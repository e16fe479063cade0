"""Makes ``classifiers.pyi`` of the classifiers: ``python -m tests.estimators.make_stub``.

The constructors are made when Python imports them, from the configurations of the contenders. The
stub writes their signatures down for type checkers and editors.
"""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path
from textwrap import indent
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from spikeoff.estimators import classifiers
from spikeoff.estimators.base import ContenderClassifier
from spikeoff.estimators.parameters import OWN, defaults

STUB = Path(classifiers.__file__).with_suffix(".pyi")
HEAD = '''"""The signatures of the classifiers; made by ``python -m tests.estimators.make_stub``."""

'''


def stub() -> str:
    """The text of the stub."""
    found = [one for one in vars(classifiers).values() if _is_classifier(one)]
    needed = {(base.__module__, base.__name__) for one in found for base in one.__bases__}
    written = [_class(one, needed) for one in found]
    imports = [f"from {module} import {name}" for module, name in sorted(needed)]
    return _formatted("\n".join([HEAD, *imports, *written]))


def _is_classifier(value: Any) -> bool:
    return isinstance(value, type) and value.__module__ == classifiers.__name__


def _class(kind: type[ContenderClassifier], needed: set[tuple[str, str]]) -> str:
    """A class with its attributes and its constructor; adds to the names that are imported."""
    config = kind._kind.config_type
    hints = get_type_hints(config) | {name: one.annotation for name, one in OWN.items()}
    parameters = {
        name: (written(hints[name], needed), value) for name, value in defaults(config).items()
    }
    attributes = [f"{name}: {hint}" for name, (hint, _) in parameters.items()]
    arguments = [f"{name}: {hint} = {value!r}" for name, (hint, value) in parameters.items()]
    bases = ", ".join(base.__name__ for base in kind.__bases__)
    constructor = f"def __init__(self, *, {', '.join(arguments)},) -> None: ..."
    body = indent("\n".join([*attributes, constructor]), "    ")
    return f"class {kind.__name__}({bases}):\n{body}"


def written(hint: Any, needed: set[tuple[str, str]]) -> str:
    """A type as source; what has to be imported for it is added to ``needed``."""
    if hint in (None, types.NoneType):
        return "None"
    if hint is Ellipsis:
        return "..."
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        needed.add(("typing", "Literal"))
        return f"Literal[{', '.join(map(repr, inner))}]"
    if origin in (Union, types.UnionType):
        return " | ".join(written(one, needed) for one in inner)
    if origin is not None:
        return f"{written(origin, needed)}[{', '.join(written(one, needed) for one in inner)}]"
    if hint.__module__ != "builtins":
        needed.add((hint.__module__.partition("._")[0], hint.__name__))
    return str(hint.__name__)


def _formatted(text: str) -> str:
    ruff = [sys.executable, "-m", "ruff"]
    name = ["--stdin-filename", str(STUB), "-"]
    for command in (["check", "--select", "I", "--fix", "--quiet"], ["format"]):
        done = subprocess.run(
            [*ruff, *command, *name], input=text, capture_output=True, text=True, check=True
        )
        text = done.stdout
    return text


if __name__ == "__main__":
    STUB.write_text(stub())
