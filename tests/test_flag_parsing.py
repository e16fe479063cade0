"""Complaints of the parser of flags, in one line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
import tyro
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.errors import UserError
from spikeoff.flag_parsing import defer, error_line, run_parser


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
    later = defer(work)
    return run_parser(lambda: tyro.cli(later, args=flags, prog="spikeoff work"), "spikeoff work")()


def test_good_flags_do_the_work_once_they_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("3", "--kind", "b") == "3 b ."
    assert capsys.readouterr().err == "working\n"


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        ((), "INT (how much) is missing; see `spikeoff work --help`"),
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
    line = error_line(text, "spikeoff work")
    assert len(line.splitlines()) == 1
    assert line.strip()


def test_what_is_not_known_is_told_as_it_is() -> None:
    box = "╭─ New ───╮\n│ Something │\n│ else.     │\n│ ───────── │\n│ More      │\n╰─────────╯\n"
    assert error_line(box, "spikeoff work") == "Something else.; see `spikeoff work --help`"


@pytest.mark.parametrize("columns", ["20", "80", None])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_neither_width_nor_encoding_of_the_terminal_changes_a_complaint(
    columns: str | None, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if columns is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    typed = "it's " + "long " * 30 + '\\ "quoted"'
    with pytest.raises(UserError) as told:
        run(typed)
    assert str(told.value) == f"`INT` (={typed}) must be a whole number"
    assert os.environ.get("COLUMNS") == columns


def test_what_else_is_told_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    def warned(*flags: str) -> str:
        def parse() -> Any:
            sys.stderr.write("mind the step\n")
            return tyro.cli(defer(work), args=flags, prog="spikeoff work")

        return str(run_parser(parse, "spikeoff work")())

    assert warned("3") == "3 a ."
    assert capsys.readouterr().err == "mind the step\nworking\n"
    with pytest.raises(UserError, match=r"`INT` \(=x\) must be a whole number"):
        warned("x")
    assert capsys.readouterr().err == "mind the step\n"


def test_only_options_of_the_command_itself_are_suggested() -> None:
    def other(*, sizes: int = 1, top: int = 3) -> Callable[[], int]:
        return lambda: sizes + top

    verbs: dict[str, Callable[..., Any]] = {"work": defer(work), "other": other}
    for verb, flag, expected in (
        ("other", "--siz", "did you mean --sizes?"),
        ("work", "--siz", "is no option here; `spikeoff work --help` lists"),
        ("other", "--sizess=3", "`--sizess` is no option here; did you mean --sizes?"),
    ):
        given = [verb, *(["3"] if verb == "work" else []), flag]
        with pytest.raises(UserError) as told:
            run_parser(
                lambda given=given: tyro.extras.subcommand_cli_from_dict(  # type: ignore[misc]
                    verbs, args=given, prog="spikeoff"
                ),
                f"spikeoff {verb}",
            )
        assert expected in str(told.value)
