"""A contender's settings as a TOML file, which people write and ``spikeoff train`` takes.

    contender = "mlp"       # whose they are; may be left out
    epochs = 10
    learning_rate = 0.01
    patience = "none"       # for what can be left out

What the file does not name has its default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from spikeoff.contenders.base import Config
from spikeoff.contenders.field_checks import fits, from_plain, hints, kinds, migrated, shown
from spikeoff.errors import UserError
from spikeoff.files import read_toml

CONTENDER = "contender"
NONE = "none"


def read_settings(path: Path, name: str, kind: type[Config]) -> dict[str, Any]:
    """The settings in the file, each as its field in ``kind`` holds it.

    Args:
        path: of the file.
        name: the contender's, which the file must not contradict.
        kind: its configuration.

    Raises:
        UserError: the file cannot be read, is another contender's, or holds what ``kind`` refuses.
    """
    content = read_toml(path)
    whose = content.pop(CONTENDER, name)
    if whose != name:
        raise UserError(f"{path}: `{CONTENDER}` is {shown(whose)}; these are no settings of "
                        f"{name}")  # fmt: skip
    known = hints(kind)
    content = {
        field: None if value == NONE and _may_be_none(known.get(field)) else value
        for field, value in content.items()
    }
    try:
        content = migrated(kind, content)
        checked = from_plain(kind, content)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    return {field: getattr(checked, field) for field in content}


def settings_text(lines: Mapping[str, Any]) -> str:
    """Settings as the file has them, a line each."""
    return "".join(f"{field} = {_toml(value)}\n" for field, value in lines.items())


def _may_be_none(hint: Any) -> bool:
    return NoneType in kinds(hint) and not any(fits(NONE, kind) for kind in kinds(hint))


def _toml(value: Any) -> str:
    if value is None:
        return f'"{NONE}"'
    if isinstance(value, (bool, int, float)):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
