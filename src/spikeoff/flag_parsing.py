"""Run tyro, and turn its error boxes of several lines into errors of one line."""

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
"""Lines between two horizontal rules of a box, with their indentation."""

KINDS = {"INT": ("a whole number", "whole numbers"), "FLOAT": ("a number", "numbers")}
"""Words for tyro's names of types, for one value and for several."""

WIDE = "100000"
"""Width of a terminal at which tyro wraps no line."""


def run_parser(parse: Callable[[], T], command: str) -> T:
    """The result of ``parse``, which calls tyro.

    Args:
        parse: parses flags without other effects; it is called again if tyro reports an error.
        command: the command whose help an error message names.

    Raises:
        UserError: tyro reports an error.
    """
    output = io.StringIO()
    try:
        with contextlib.redirect_stderr(output):
            found = parse()
    except SystemExit as end:
        if not end.code:  # after help
            raise
        before, frame, box = _unwrapped_output(parse).partition("╭")
        sys.stderr.write(before)
        raise UserError(error_line(frame + box, command)) from None
    sys.stderr.write(output.getvalue())
    return found


def defer(function: Callable[P, T]) -> Callable[P, Callable[[], T]]:
    """A function with the same signature that returns the call instead of making it."""

    @functools.wraps(function)
    def later(*args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
        return functools.partial(function, *args, **kwargs)

    return later


def error_line(box: str, command: str) -> str:
    """The error in a box of tyro's, in one line: what is wrong, the rule, what to do."""
    sections = _sections(box)
    first = " ".join(" ".join(sections[0]).split())
    where = f"`{command} --help`"
    for pattern, describe in PATTERNS:
        if found := re.match(pattern, first):
            return describe(found, sections, where, command)
    return f"{first or 'the flags cannot be read'}; see {where}"


def _unwrapped_output(parse: Callable[[], Any]) -> str:
    """The error output of ``parse``, without wrapped lines, in a box-drawing frame.

    tyro takes the width from the environment, and chooses the frame by the encoding of standard
    output.
    """
    output, utf8 = io.StringIO(), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with (
        _columns(WIDE),
        contextlib.redirect_stdout(utf8),
        contextlib.redirect_stderr(output),
        contextlib.suppress(SystemExit),
    ):
        parse()
    return output.getvalue()


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
    """The sections of a box, without its frame."""
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
    """The options in a list of suggestions, without those of other commands."""
    listed: list[list[str]] = []
    for line in lines:
        if re.match(r"\s+--", line):
            listed.append([line])
        elif listed:
            listed[-1].append(line)
    found = []
    for option, *output in listed:
        helps = [line for line in output if re.match(r"\s+in .* --help", line)]
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


def _value(output: str) -> str:
    """The value at the end of an error message, which tyro writes as a Python literal."""
    for pattern in (r"(\[.*\])\.?$", r"('.*'|\".*\")\.?$"):
        if found := re.search(pattern, output):
            with contextlib.suppress(ValueError, SyntaxError):
                value = ast.literal_eval(found[1])
                return " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return output.rpartition(": ")[2]


def _missing(found: re.Match[str], sections: list[Section], where: str, command: str) -> str:
    del found, command
    _, name, *output = [line.strip() for line in sections[0]]
    clause = re.split(r"[,;:.(=\[]", output[0])[0].strip() if output else ""
    return f"{name}{f' ({clause})' if clause else ''} is missing; see {where}"


PATTERNS: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"Unrecognized options: (.+)", _unknown),
    (r"invalid choice '(.*)' for argument '([^']*)'. Expected one of \((.*)\)", _no_choice),
    (r"Missing value for argument .*?(--[\w-]+)", _no_value),
    (r"Error parsing (\S+): (.*)", _wrong_type),
    (r"Missing from .+?: \S", _missing),
)
"""How error messages of tyro begin, and the functions that rewrite them."""
