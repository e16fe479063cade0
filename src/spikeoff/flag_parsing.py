"""Flags by tyro, whose boxes of several lines become one line as every other complaint."""

from __future__ import annotations

import contextlib
import difflib
import functools
import io
import re
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from spikeoff.errors import UserError

P = ParamSpec("P")
T = TypeVar("T")

KINDS = {"INT": ("a whole number", "whole numbers"), "FLOAT": ("a number", "numbers")}
"""What tyro's names of types are called here, for one value and for several."""


def parsed(parse: Callable[[], T], command: str | None = None) -> T:
    """What ``parse`` returns, which calls tyro.

    Args:
        parse: reads flags.
        command: whose help to name in a complaint; by default the one that tyro names.

    Raises:
        UserError: tyro complains about the flags.
    """
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            found = parse()
    except SystemExit as end:
        if not end.code:  # after help
            raise
        raise UserError(complaint(told.getvalue(), command)) from None
    sys.stderr.write(told.getvalue())
    return found


def deferred(function: Callable[P, T]) -> Callable[P, Callable[[], T]]:
    """The same flags; what is returned does the work, once the flags are read."""

    @functools.wraps(function)
    def later(*args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
        return functools.partial(function, *args, **kwargs)

    return later


def complaint(box: str, command: str | None = None) -> str:
    """One line for a box of tyro's: what is wrong, the rule, what to do."""
    sections = _sections(box)
    first = sections[0] if sections else ""
    helps = re.findall(r"(spikeoff(?: [\w@:.-]+)*?) --help", box)
    where = f"`{command or (helps[-1] if helps else 'spikeoff')} --help`"
    for pattern, tell in PATTERNS:
        if found := re.match(pattern, first):
            return tell(found, sections, where)
    return f"{first or 'the flags cannot be read'}; see {where}"


def _sections(box: str) -> list[str]:
    """The texts between the rules of a box, without its frame and title.

    Where the output has no line-drawing characters, tyro puts a rule below the title instead.
    """
    framed = box.startswith("╭")
    lines = [line.strip("│ ") for line in box.splitlines() if not line.startswith(("╭", "╰"))]
    text = "\n".join("\f" if line and not line.strip("─-") else line for line in lines)
    sections = [" ".join(part.split()) for part in text.split("\f")]
    return sections if framed else sections[1:] or sections


def _unknown(found: re.Match[str], sections: list[str], where: str) -> str:
    words = found[1].split(", ")
    flag = words[0].partition("=")[0]
    rest = " ".join(sections[1:])
    if choices := re.search(r"Available subcommands: (.+?)(?= For full|$)", rest):
        return f"`{flag}` is no command; choose from {choices[1]}"
    what = "no option" if flag.startswith("-") else "not expected"
    names = re.findall(r"--[\w-]+", rest.partition("For full")[0])
    if near := difflib.get_close_matches(flag, names, n=1):
        return f"`{flag}` is {what} here; did you mean {near[0]}? {where} lists all options"
    return f"`{flag}` is {what} here; {where} lists all options"


def _no_choice(found: re.Match[str], sections: list[str], where: str) -> str:
    del sections, where
    choices = ", ".join(re.findall(r"'([^']*)'", found[3]))
    return f"`{found[2].lstrip('-')}` (={found[1]}) must be one of {choices}"


def _no_value(found: re.Match[str], sections: list[str], where: str) -> str:
    del sections
    return f"`{found[1]}` needs a value behind it; see {where}"


def _wrong_type(found: re.Match[str], sections: list[str], where: str) -> str:
    name = found[1].split("/")[-1].lstrip("-")
    value = " ".join(re.findall(r"'([^']*)'", found[2].partition("Got errors")[0]))
    helped = next((one for one in sections if one.startswith("Argument helptext:")), "")
    kind = re.search(rf"--{name} (\S+)", helped)
    metavar = kind[1] if kind else name  # of a positional argument
    for known, (one, several) in KINDS.items():
        if known in metavar:
            rule = several if metavar.startswith("[") else one
            return f"`{name}` (={value}) must be {rule}{', or none' if 'None' in metavar else ''}"
    return f"`{name}` (={value}) cannot be read; see {where}"


def _missing(found: re.Match[str], sections: list[str], where: str) -> str:
    del sections
    return f"{found[1]} is missing; see {where}"


PATTERNS: tuple[tuple[str, Callable[[Any, list[str], str], str]], ...] = (
    (r"Unrecognized options: (.+)", _unknown),
    (r"invalid choice '(.*)' for argument '([^']*)'. Expected one of \((.*)\)", _no_choice),
    (r"Missing value for argument .*?(--[\w-]+)", _no_value),
    (r"Error parsing (\S+): (.*)", _wrong_type),
    (r"Missing from .+?: (\S+)", _missing),
)
"""How tyro's complaints begin, and what to say instead."""
