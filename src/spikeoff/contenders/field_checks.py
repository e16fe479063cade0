"""Checks the values of a configuration's fields against their annotations."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from spikeoff.errors import UserError

C = TypeVar("C")

MAX_INTEGER = 2**32 - 1
"""No count of anything here is larger, and no seed."""

MAX_FLOAT = 1e30
"""Single precision holds larger numbers than this, but no products of them."""

MAX_SHOWN = 60
"""Characters of a value that a message shows."""

NAMES: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    tuple[int, ...]: "whole numbers",
    NoneType: "left out",
}


def require(name: str, value: object, holds: bool, rule: str) -> None:
    """Refuse a configuration value, with its name and the rule it breaks."""
    if not holds:
        raise UserError(f"`{name}` (={shown(value)}) must be {rule}")


def check_fields(config: Any) -> None:
    """Refuse a value of another type than its field's, and numbers beyond all use.

    Raises:
        UserError: with the field's name, the value and the rule.
    """
    kind: Any = type(config)
    for name, hint in hints(kind).items():
        value = getattr(config, name)
        if not any(fits(value, kind) for kind in kinds(hint)):
            require(name, value, False, _rule(hint))
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, Integral):
                require(name, value, abs(int(number)) <= MAX_INTEGER, f"at most {MAX_INTEGER}")
            elif isinstance(number, Real):
                size = abs(float(number))
                require(name, value, math.isfinite(size), "finite, and a number")
                require(name, value, size <= MAX_FLOAT, f"at most {MAX_FLOAT:g}")


def from_plain(kind: type[C], content: Mapping[str, Any]) -> C:
    """The configuration that ``plain`` made JSON of; fields that are missing have their defaults.

    Raises:
        UserError: an unknown name, or a value that the configuration refuses.
    """
    known, content = hints(kind), migrated(kind, content)
    for name in content:
        if name not in known:
            raise UserError(f"`{shown(name)}` is no setting of {kind.__name__}; leave it out")
    return kind(**{name: _typed(value, kinds(known[name])) for name, value in content.items()})


def migrated(kind: Any, content: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as earlier versions wrote them, by the names of today."""
    migrate: Callable[[Mapping[str, Any]], dict[str, Any]] = getattr(kind, "migrate", dict)
    return migrate(content)


def _typed(value: Any, kinds: tuple[Any, ...]) -> Any:
    """A value of JSON or TOML as a field of one of these kinds holds it."""
    if isinstance(value, str) and Path in kinds:
        return Path(value)
    if isinstance(value, list) and any(get_origin(kind) is tuple for kind in kinds):
        return tuple(value)
    if tuple[int, ...] in kinds and fits(value, int):
        return (value,)
    return value


def hints(kind: Any) -> dict[str, Any]:
    """The annotations of a dataclass's fields."""
    return _hints(kind)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    known = get_type_hints(kind)
    return {field.name: known[field.name] for field in dataclasses.fields(kind)}


def kinds(hint: Any) -> tuple[Any, ...]:
    """The alternatives of an annotation."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def fits(value: object, kind: Any) -> bool:
    """Whether a value is of a kind: a type, or a choice of words. Whole numbers are numbers too."""
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(fits(one, get_args(kind)[0]) for one in value)
    if kind is bool:
        return isinstance(value, bool)
    if kind in (int, float):
        number = Integral if kind is int else Real
        return isinstance(value, number) and not isinstance(value, bool)
    if get_origin(kind) is tuple:  # of any length, all of one kind
        return isinstance(value, tuple) and all(fits(one, get_args(kind)[0]) for one in value)
    return isinstance(value, kind)


def _rule(hint: Any) -> str:
    rules = []
    for kind in kinds(hint):
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        name = NAMES.get(kind, str(kind))
        if get_origin(kind) is tuple:
            name = f"a list, each entry {_rule(get_args(kind)[0])}"
        rules.append(" or ".join(choices) if choices else name)
    return ", or ".join(rules)


def shown(value: object) -> str:
    """A value as a message shows it: short, and on one line."""
    try:
        text = " ".join(str(value).split())
    except Exception:  # numbers of thousands of digits, and objects that cannot be printed
        text = type(value).__name__
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
