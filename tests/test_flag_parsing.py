"""Complaints of the parser of flags, in one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import pytest
import tyro
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.errors import UserError
from spikeoff.flag_parsing import complaint, deferred, parsed


def work(size: int, /, *, kind: Literal["a", "b"] = "a", path: Path = Path()) -> str:
    """Do something.

    Args:
        size: how much.
        kind: of work.
        path: where.
    """
    sys.stderr.write("working\n")
    return f"{size} {kind} {path}"


def run(*flags: str) -> str:
    later = deferred(work)
    return parsed(lambda: tyro.cli(later, args=flags, prog="spikeoff work"))()


def test_good_flags_do_the_work_once_they_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("3", "--kind", "b") == "3 b ."
    assert capsys.readouterr().err == "working\n"


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        ((), "INT is missing; see `spikeoff work --help`"),
        (("x",), "`INT` (=x) must be a whole number"),
        (("3", "--kind", "c"), "`kind` (=c) must be one of a, b"),
        (("3", "--knd", "b"), "`--knd` is no option here; did you mean --kind? "),
        (("3", "4"), "`4` is not expected here; `spikeoff work --help` lists all options"),
        (("3", "--path"), "`--path` needs a value behind it; see `spikeoff work --help`"),
    ],
)
def test_a_complaint_is_one_line(
    flags: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError) as told:
        run(*flags)
    assert str(told.value).startswith(line)
    assert "\n" not in str(told.value)
    assert not capsys.readouterr().err


def test_help_is_no_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run("--help")
    assert not end.value.code
    assert "how much" in capsys.readouterr().out


@given(st.text())
def test_any_text_becomes_one_line_that_names_the_help(text: str) -> None:
    line = complaint(text, "spikeoff work")
    assert len(line.splitlines()) == 1
    assert line.strip()


FRAMED = (
    "╭─ New ─────╮\n│ Something │\n│ else.     │\n│ ───────── │\n│ More      │\n╰───────────╯\n"
)
PLAIN = (
    " New       \n --------- \n Something \n else.     \n --------- \n More      \n           \n"
)


@pytest.mark.parametrize("box", [FRAMED, PLAIN])
def test_what_is_not_known_is_told_as_it_is(box: str) -> None:
    assert complaint(box, "spikeoff work") == "Something else.; see `spikeoff work --help`"
