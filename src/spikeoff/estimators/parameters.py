"""A classifier's parameters, made from the configuration of its contender.

Names, defaults and descriptions are written once, at the fields of the configuration.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from inspect import Parameter, Signature
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from spikeoff.contenders.base import Config
from spikeoff.contenders.effects import Effect, effects

OF_A_RUN = frozenset({Effect.SEED, Effect.DATA, Effect.NONE, Effect.ESTIMATE, Effect.MEASURING})
"""What a setting decides that is no parameter: data come from ``fit``, and nothing is recorded."""

LEFT_OUT = frozenset({"n_train", "resume_from", "test_mode", "save_interval", "update_interval"})
"""Further settings that mean a run and its folder."""


class Own(NamedTuple):
    """A parameter that no configuration has."""

    default: Any
    annotation: Any
    described: str
    text: str


OWN = {
    "random_state": Own(
        0, int | np.random.RandomState | None, "int, RandomState instance or None",
        "Seed of the initial weights, the order of the images, input spikes and dropout. The same "
        "number gives the same network; None gives another one each time.",
    ),
    "image_shape": Own(
        None, Sequence[int] | None, "tuple of int or None",
        "Shape of an image, (height, width) or (height, width, channels), where X has a row of "
        "numbers per image. By default the square that the numbers make; if they make none, the "
        "smallest square that holds them, filled up with zeros.",
    ),
}  # fmt: skip

CHANGED: dict[str, Any] = {"n_validation": 0}
"""Defaults that differ from those of a run."""


def config_fields(kind: type[Config]) -> list[str]:
    """The fields of a configuration that are parameters."""
    decided = effects(kind)
    return [
        one.name
        for one in fields(kind)
        if decided[one.name] not in OF_A_RUN and one.name not in LEFT_OUT
    ]


def defaults(kind: type[Config]) -> dict[str, Any]:
    """All parameters with their defaults."""
    default = {one.name: one.default for one in fields(kind)}
    own = {name: one.default for name, one in OWN.items()}
    return own | {name: CHANGED.get(name, default[name]) for name in config_fields(kind)}


def constructor(kind: type[Config]) -> Callable[..., None]:
    """An ``__init__`` that takes the parameters and keeps them; its signature names them all."""
    annotations = {name: one.annotation for name, one in OWN.items()}
    annotations |= {one.name: one.type for one in fields(kind)}
    signature = Signature([
        Parameter("self", Parameter.POSITIONAL_OR_KEYWORD),
        *(
            Parameter(
                name, Parameter.KEYWORD_ONLY, default=value, annotation=annotations[name]
            )
            for name, value in defaults(kind).items()
        ),
    ])  # fmt: skip

    def __init__(self: Any, **parameters: Any) -> None:  # noqa: N807 (it becomes a method)
        bound = signature.bind(self, **parameters)
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            if name != "self":
                setattr(self, name, value)

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    return __init__


def parameter_docs(kind: type[Config]) -> str:
    """The section on parameters of a classifier's docstring, as scikit-learn writes them."""
    types = {one.name: str(one.type) for one in fields(kind)}
    texts = descriptions(kind)
    lines = ["Parameters", "----------"]
    for name, value in defaults(kind).items():
        own = OWN.get(name)
        lines.append(f"{name} : {own.described if own else types[name]}, default={value!r}")
        text = own.text if own else texts.get(name, "")
        lines += textwrap.wrap(text, 92, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def descriptions(kind: type[Config]) -> Mapping[str, str]:
    """The text below each field of a configuration and of those that it extends."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        try:
            source = textwrap.dedent(inspect.getsource(one))
        except (OSError, TypeError):  # built in, or installed without its source
            continue
        (definition,) = ast.parse(source).body
        body = getattr(definition, "body", [])
        for field, text in pairwise(body):
            is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
                found[field.target.id] = " ".join(str(text.value.value).split())
    return found
