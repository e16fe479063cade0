"""Flags by tyro, whose boxes of several lines become one line as every other complaint."""

from __future__ import annotations

import ast
import contextlib
import difflib
import functools
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from spikeoff.errors import UserError

P = ParamSpec("P")
T = TypeVar("T")

Section = list[str]
"""Lines between two rules of a box, as they are indented."""

KINDS = {"INT": ("a whole number", "whole numbers"), "FLOAT": ("a number", "numbers")}
"""What tyro's names of types are called here, for one value and for several."""

WIDE = "100000"
"""Columns at which tyro folds no line."""


def parsed(parse: Callable[[], T], command: str) -> T:
    """What ``parse`` returns, which calls tyro, and nothing else.

    Args:
        parse: reads flags; where tyro complains, it is called again.
        command: whose help to name in a complaint.

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
        before, frame, box = _told_unfolded(parse).partition("╭")
        sys.stderr.write(before)
        raise UserError(complaint(frame + box, command)) from None
    sys.stderr.write(told.getvalue())
    return found


def deferred(function: Callable[P, T]) -> Callable[P, Callable[[], T]]:
    """The same flags; what is returned does the work, once the flags are read."""

    @functools.wraps(function)
    def later(*args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
        return functools.partial(function, *args, **kwargs)

    return later


def complaint(box: str, command: str) -> str:
    """One line for a box of tyro's: what is wrong, the rule, what to do."""
    sections = _sections(box)
    first = " ".join(" ".join(sections[0]).split())
    where = f"`{command} --help`"
    for pattern, tell in PATTERNS:
        if found := re.match(pattern, first):
            return tell(found, sections, where, command)
    return f"{first or 'the flags cannot be read'}; see {where}"


def _told_unfolded(parse: Callable[[], Any]) -> str:
    """What tyro complains of, in lines that are not folded and a frame of line-drawing characters.

    It takes the width from the environment, and the frame from what standard output can encode.
    """
    told, utf8 = io.StringIO(), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with (
        _columns(WIDE),
        contextlib.redirect_stdout(utf8),
        contextlib.redirect_stderr(told),
        contextlib.suppress(SystemExit),
    ):
        parse()
    return told.getvalue()


@contextlib.contextmanager
def _columns(width: str) -> Iterator[None]:
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = width
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def _sections(box: str) -> list[Section]:
    """What stands between the rules of a box, without its frame."""
    sections: list[Section] = [[]]
    for line in box.splitlines():
        inside = line.removeprefix("│ ").removesuffix("│").rstrip()
        if inside and not inside.strip("─ "):
            sections.append([])
        elif not line.startswith(("╭", "╰")):
            sections[-1].append(inside)
    return sections


def _unknown(found: re.Match[str], sections: list[Section], where: str, command: str) -> str:
    flag = found[1].split(", ")[0].partition("=")[0]
    rest = [line for section in sections[1:] for line in section]
    for line in rest:
        if line.startswith("Available subcommands: "):
            return f"`{flag}` is no command; choose from {line.partition(': ')[2]}"
    what = "no option" if flag.startswith("-") else "not expected"
    if near := difflib.get_close_matches(flag, _options(rest, command), n=1):
        return f"`{flag}` is {what} here; did you mean {near[0]}? {where} lists all options"
    return f"`{flag}` is {what} here; {where} lists all options"


def _options(lines: list[str], command: str) -> list[str]:
    """The options that are listed, but for those of other commands."""
    listed: list[list[str]] = []
    for line in lines:
        if re.match(r"\s+--", line):
            listed.append([line])
        elif listed:
            listed[-1].append(line)
    found = []
    for option, *told in listed:
        helps = [line for line in told if re.match(r"\s+in .* --help", line)]
        if not helps or any(f"in {command} --help" in line for line in helps):
            found += re.findall(r"--[\w-]+", option)
    return found


def _no_choice(found: re.Match[str], *_: Any) -> str:
    choices = ", ".join(re.findall(r"'([^']*)'", found[3]))
    return f"`{found[2].lstrip('-')}` (={found[1]}) must be one of {choices}"


def _no_value(found: re.Match[str], sections: list[Section], where: str, command: str) -> str:
    del sections, command
    number = re.search(r"Expected (\d+) values", found.string)
    values = f"{number[1]} values" if number and number[1] != "1" else "a value"
    return f"`{found[1]}` needs {values} behind it; see {where}"


def _wrong_type(found: re.Match[str], sections: list[Section], where: str, command: str) -> str:
    del command
    name = found[1].split("/")[-1].lstrip("-")
    given = f"`{name}` (={_value(sections[0][0])})"
    text = "\n".join(line for section in sections[1:] for line in section)
    listed = re.search(rf"--{re.escape(name)} (.+?)(?=, --|\n|$)", text)
    metavar = listed[1] if listed else name  # of a positional argument
    for known, (one, several) in KINDS.items():
        if known in metavar:
            rule = several if "[" in metavar or " " in metavar else one
            return f"{given} must be {rule}{', or none' if 'None' in metavar else ''}"
    return f"{given} cannot be read; see {where}"


def _value(told: str) -> str:
    """What was typed, from the end of a complaint, where tyro writes it as Python does."""
    for pattern in (r"(\[.*\])\.?$", r"('.*'|\".*\")\.?$"):
        if found := re.search(pattern, told):
            with contextlib.suppress(ValueError, SyntaxError):
                value = ast.literal_eval(found[1])
                return " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return told.rpartition(": ")[2]


def _missing(found: re.Match[str], sections: list[Section], where: str, command: str) -> str:
    del found, command
    _, name, *told = [line.strip() for line in sections[0]]
    clause = re.split(r"[,;:.(=\[]", told[0])[0].strip() if told else ""
    return f"{name}{f' ({clause})' if clause else ''} is missing; see {where}"


PATTERNS: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"Unrecognized options: (.+)", _unknown),
    (r"invalid choice '(.*)' for argument '([^']*)'. Expected one of \((.*)\)", _no_choice),
    (r"Missing value for argument .*?(--[\w-]+)", _no_value),
    (r"Error parsing (\S+): (.*)", _wrong_type),
    (r"Missing from .+?: \S", _missing),
)
"""How tyro's complaints begin, and what to say instead."""
