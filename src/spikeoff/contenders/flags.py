"""A contender's configuration as flags, beside those of the verb that takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, fields, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import tyro

from spikeoff.contenders.base import Config
from spikeoff.errors import UserError
from spikeoff.flag_parsing import run_parser

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Verb = TypeVar("Verb", bound="DataclassInstance")


def config_file(flags: Sequence[str]) -> Path | None:
    """The path behind ``--config``, by which defaults are set before all flags are read.

    Raises:
        UserError: there is none behind it.
    """
    found = None
    for number, flag in enumerate(flags):
        name, given, value = flag.partition("=")
        if name == "--config":
            value = value if given else next(iter(flags[number + 1 :]), "")
            if not value or value.startswith("--"):
                raise UserError("`--config` needs the path of a TOML file behind it")
            found = Path(value)
    return found


def parse_flags(
    verb: type[Verb],
    kind: type[Config],
    flags: Sequence[str],
    *,
    prog: str,
    defaults: Mapping[str, Any],
) -> tuple[Verb, dict[str, Any]]:
    """The flags of a verb, and a contender's settings as they were given.

    The settings have not been looked at: ``kind`` checks them, and fills in what follows from them.

    Args:
        verb: dataclass of the verb's own flags.
        kind: configuration of the contender.
        flags: what was typed.
        prog: the command, for its help.
        defaults: values of fields that are not typed, where they are not the configuration's own.

    Raises:
        UserError: a setting has the name of one of the verb's flags.
    """
    for name in {one.name for one in fields(verb)} & {one.name for one in fields(kind)}:
        raise UserError(f"`{name}` is a setting of {kind.__name__} and a flag of {prog}; the "
                        "setting needs another name")  # fmt: skip

    def both(verb: Any, settings: Any) -> tuple[Any, Any]:
        return verb, settings

    both.__annotations__ = {
        "verb": Annotated[verb, tyro.conf.arg(name="")],
        "settings": Annotated[_unchecked(kind, defaults), tyro.conf.arg(name="")],
    }
    rename: Callable[[Sequence[str]], list[str]] = getattr(kind, "renamed_flags", list)
    own, settings = run_parser(
        lambda: tyro.cli(
            both, args=rename(flags), prog=prog, use_underscores=True, description=kind.__doc__
        ),
        prog,
    )
    return own, {one.name: getattr(settings, one.name) for one in fields(kind)}


def _unchecked(kind: type[Config], defaults: Mapping[str, Any]) -> type[Config]:
    """The same fields with these defaults, and nothing that looks at their values."""
    typed = {one.name: one.type for one in fields(kind)}
    changed = [(name, typed[name], field(default=value)) for name, value in defaults.items()]
    namespace = {
        "__post_init__": _accept,
        "__doc__": kind.__doc__,
        "__module__": kind.__module__,
    }
    made: type[Config] = make_dataclass(
        kind.__name__, changed, bases=(kind,), namespace=namespace, frozen=True, kw_only=True
    )
    return made


def _accept(self: Config) -> None:
    """Look at nothing."""
    del self
