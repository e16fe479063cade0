"""What a search varies: for each field a range of numbers, or a choice.

    --vary stdp_lr=log:0.001..0.1 n_hidden=128..1024:64 hidden=fast-spiking,regular-spiking

A range holds both its ends; ``log:`` draws evenly in its logarithm, ``:64`` goes in steps of 64
from its lower end. The same in TOML:

    stdp_lr = {low = 0.001, high = 0.1, log = true}
    n_hidden = {low = 128, high = 1024, step = 64}
    hidden = ["fast-spiking", "regular-spiking"]

Types come from the contender's configuration, which must accept every end and every choice.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import NoneType
from typing import Any

from spikeoff.contenders.base import Config
from spikeoff.contenders.effects import searched
from spikeoff.contenders.field_checks import MAX_FLOAT, fits, from_plain, hints, kinds, shown
from spikeoff.errors import UserError
from spikeoff.files import read_toml

Value = str | int | float | bool | None

FORM = "FIELD=LOW..HIGH, FIELD=log:LOW..HIGH, FIELD=LOW..HIGH:STEP or FIELD=ONE,OTHER"
KEYS = {"low", "high", "log", "step"}
MAX_CHOICES = 100


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included; whole ones if both are."""

    low: int | float
    high: int | float
    log: bool = False
    step: int | float | None = None

    @property
    def ends(self) -> tuple[Value, ...]:
        """What a configuration is asked to accept."""
        return self.low, self.high


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    values: tuple[Value, ...]

    @property
    def ends(self) -> tuple[Value, ...]:
        """What a configuration is asked to accept."""
        return self.values


Space = dict[str, Range | Choice]


def from_flags(entries: Sequence[str], kind: type[Config]) -> Space:
    """The space that ``--vary`` defines.

    Raises:
        UserError: an entry has another form, or does not fit its field in ``kind``.
    """
    space: Space = {}
    for entry in entries:
        name, given, text = entry.partition("=")
        if not given:
            raise UserError(f"--vary {shown(entry)}: not of the form {FORM}")
        name = name.replace("-", "_")
        if name in space:
            raise UserError(f"--vary names {shown(name)} twice; once is enough")
        space[name] = _from_text(name, text, _types(name, kind))
    return space


def from_file(path: Path, kind: type[Config]) -> Space:
    """The space in a TOML file.

    Raises:
        UserError: the file cannot be read, or an entry does not fit its field in ``kind``.
    """
    content = read_toml(path)
    if not content:
        raise UserError(f"{path}: names no field; a line may be: learning_rate = "
                        '"log:0.001..0.1"')  # fmt: skip
    try:
        return from_content(content, kind)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def from_content(content: Mapping[str, Any], kind: type[Config]) -> Space:
    """The space that ``to_content`` made plain values of, or that TOML holds.

    Raises:
        UserError: an entry is of another form, or does not fit its field in ``kind``.
    """
    space: Space = {}
    for name, entry in content.items():
        types = _types(name, kind)
        if isinstance(entry, str):
            space[name] = _from_text(name, entry, types)
        elif isinstance(entry, list):
            space[name] = _choice(name, entry, types)
        elif isinstance(entry, dict) and entry.keys() <= KEYS and {"low", "high"} <= entry.keys():
            space[name] = _range(name, types, **entry)
        else:
            raise UserError(f"`{name}` must be a list, or a table of low and high, and of log or "
                            "step if wanted")  # fmt: skip
    return space


def to_content(space: Space) -> dict[str, Any]:
    """The space as plain values."""
    return {
        name: list(one.values) if isinstance(one, Choice) else vars(one)
        for name, one in space.items()
    }


def check(space: Space, kind: type[Config], settings: Mapping[str, Any]) -> None:
    """Ask the configuration whether it accepts each end and each choice, the rest as it stands.

    Raises:
        UserError: it does not, with its own words.
    """
    for name, one in space.items():
        for value in one.ends:
            try:
                from_plain(kind, {**settings, name: value})
            except UserError as error:
                raise UserError(f"{name} cannot be {shown(value)}: {error}") from error


def _types(name: str, kind: type[Config]) -> tuple[Any, ...]:
    """The types of a field that may be varied."""
    known, varied = dict(hints(kind)), searched(kind)
    for old, new in getattr(kind, "aliases", {}).items():
        known[old] = known[new]
        varied = [*varied, old]
    if name in known and name not in varied:
        raise UserError(f"`{name}` is not for a search to vary: it is no setting of the network or "
                        f"of its learning; give it as --{name}")  # fmt: skip
    if name not in known:
        near = difflib.get_close_matches(shown(name), varied, 1)
        hint = f"did you mean {near[0]}?" if near else "spikeoff train CONTENDER --help lists them"
        raise UserError(f"`{shown(name)}` is no setting of {kind.__name__}; {hint}")
    # A list of sizes is varied as a list of one.
    return tuple(int if one == tuple[int, ...] else one for one in kinds(known[name]))


def _from_text(name: str, text: str, types: tuple[Any, ...]) -> Range | Choice:
    log = text.startswith("log:")
    span, _, step = text.removeprefix("log:").partition(":")
    low, dots, high = span.partition("..")
    if dots and (int in types or float in types):
        return _range(
            name, types, _number(name, low), _number(name, high), log,
            _number(name, step) if step else None,
        )  # fmt: skip
    if dots or log:
        raise UserError(f"`{name}` holds no numbers; name what it may be: {name}=ONE,OTHER")
    return _choice(name, [_word(name, word, types) for word in text.split(",")], types)


def _range(
    name: str,
    types: tuple[Any, ...],
    low: Any,
    high: Any,
    log: Any = False,
    step: Any = None,
) -> Range:
    for value in (low, high, *(() if step is None else (step,))):
        if not fits(value, float) or not abs(value) <= MAX_FLOAT:
            raise UserError(f"`{name}`: {shown(value)} is no number; low, high and step are")
        if float not in types and not (int in types and fits(value, int)):
            what = "is a whole number" if int in types else "holds no numbers"
            raise UserError(f"`{name}` {what}; {shown(value)} cannot bound it")
    if not low < high:
        raise UserError(f"`{name}`: low (={shown(low)}) must be below high (={shown(high)})")
    if not isinstance(log, bool):
        raise UserError(f"`{name}`: log must be true or false")
    if log and low <= 0:
        raise UserError(f"`{name}`: low (={shown(low)}) must be above 0 for a logarithmic range")
    if step is not None and (log or not 0 < step <= high - low):
        raise UserError(
            f"`{name}`: step (={shown(step)}) must be above 0 and fit into the range, which must "
            "not be logarithmic"
        )
    high = high if step is None else _last(low, high, step)
    if float in types:
        return Range(float(low), float(high), log, None if step is None else float(step))
    return Range(low, high, log, step)


def _last(low: int | float, high: int | float, step: int | float) -> int | float:
    """The last number of the steps that the range holds, as people write decimals."""
    first, end, width = (Decimal(str(value)) for value in (low, high, step))
    last = first + (end - first) // width * width
    return int(last) if last == int(last) and isinstance(low, int) else float(last)


def _choice(name: str, values: Sequence[Any], types: tuple[Any, ...]) -> Choice:
    for value in values:
        small = not fits(value, float) or abs(value) <= MAX_FLOAT
        if not small or not any(fits(value, kind) for kind in types):
            raise UserError(f"`{name}` cannot be {shown(value)}")
    if len(set(map(repr, values))) < len(values) or not 2 <= len(values) <= MAX_CHOICES:
        raise UserError(f"`{name}` needs from 2 to {MAX_CHOICES} different values to choose from; "
                        f"fix one with --{name}")  # fmt: skip
    return Choice(tuple(values))


def _number(name: str, text: str) -> int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise UserError(f"`{name}`: {shown(text)!r} is no number; the forms are {FORM}")


def _word(name: str, word: str, types: tuple[Any, ...]) -> Value:
    """A typed word as the field holds it."""
    plain: dict[str, Value] = {"true": True, "false": False} if bool in types else {}
    if NoneType in types:
        plain["none"] = None
    if word.lower() in plain:
        return plain[word.lower()]
    if int in types or float in types:
        number = _number(name, word)
        return float(number) if int not in types else number
    return word
