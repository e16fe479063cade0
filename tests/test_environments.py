"""What an unusual environment (encodings, variables) may not break."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spikeoff import console
from spikeoff.cli import main
from spikeoff.report.model_ratios import SIGNS
from tests import program


class Output(io.TextIOWrapper):
    """Standard output with an encoding, as a redirection or an old terminal has it."""

    def __init__(self, encoding: str) -> None:
        self.content = io.BytesIO()
        super().__init__(self.content, encoding=encoding, write_through=True)


every_encoding = pytest.mark.parametrize("encoding", ["ascii", "gbk", "koi8-r", "cp932"])


@every_encoding
def test_every_encoding_shows_every_line(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output(encoding)
    monkeypatch.setattr(sys, "stdout", output)
    with pytest.raises(UnicodeEncodeError):
        output.write("ä µ ±")
    shown = console.output_console()
    shown.print("µJ ± 1 \u2713 ä", highlight=False)
    shown.print("the last line")
    text = output.content.getvalue().decode(encoding)
    assert text.endswith("the last line\n")
    if encoding == "ascii":
        assert text == "uJ +-1 + \\xe4\nthe last line\n"


@every_encoding
def test_plain_prints_are_spelled_too_and_columns_stay_in_line(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(encoding)
    monkeypatch.setattr(sys, "stdout", output)
    console.spell_what_is_missing()
    output.write("| 1.0 ± 0.1 |\n| \u7b2c\u0416\xe4 |\n")
    first = output.content.getvalue().decode(encoding).splitlines()[0]
    assert len(first) == len("| 1.0 ± 0.1 |")


def test_signs_stay_apart_in_ascii() -> None:
    spelled = {sign.encode("ascii", console.ASCII_SPELLING) for sign in SIGNS.values()}
    assert len(spelled) == len(SIGNS)


def test_bytes_of_a_name_that_is_no_text_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output("utf-8")
    monkeypatch.setattr(sys, "stdout", output)
    console.spell_what_is_missing()
    output.write(os.fsdecode(b"d\xe4ta"))
    assert output.content.getvalue() == b"d\xe4ta"


class Full(Output):
    def __init__(self, number: int) -> None:
        super().__init__("utf-8")
        self.number = number

    def write(self, text: str) -> int:
        raise OSError(self.number, os.strerror(self.number))


@pytest.fixture
def forgets() -> Iterator[None]:
    yield
    console.lost_output.clear()


@pytest.mark.usefixtures("forgets")
@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 1), (errno.EPIPE, 0)])
def test_the_exit_status_tells_of_lost_output_but_not_of_a_reader_that_left(
    number: int, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full(number))
    with pytest.raises(SystemExit) as caught:
        main(["data", "info"])
    assert int(caught.value.code or 0) == status
    assert (os.strerror(number) in capsys.readouterr().err) == bool(status)


needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")


def in_shell(redirected: str, *arguments: str, unbuffered: str = "") -> tuple[int, str]:
    """Exit status and errors of a process with outputs that a shell redirected."""
    program = [sys.executable, "-m", "spikeoff", *arguments]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "sh", *program], capture_output=True, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered}, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


@needs_full_device
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_what_plain_prints_and_the_parser_of_flags_lose_is_one_line(
    flag: str, unbuffered: str
) -> None:
    status, errors = in_shell(">/dev/full", flag, unbuffered=unbuffered)
    assert status == 1
    assert errors == f"spikeoff: output cannot be written: {os.strerror(errno.ENOSPC)}\n"


@needs_full_device
def test_a_lost_complaint_keeps_its_exit_status() -> None:
    assert in_shell("2>/dev/full", "no-such-verb") == (2, "")


@pytest.mark.skipif(os.name != "posix", reason="closes outputs as a POSIX shell does")
def test_closed_outputs_are_no_failure() -> None:
    assert in_shell(">&-", "--version") == (0, "")
    assert in_shell(">&- 2>&-", "no-such-verb") == (2, "")


def test_a_name_that_no_record_can_hold_is_refused_in_one_line() -> None:
    done = program.spikeoff("data", "export", "--output", os.fsdecode(b"d\xe4ta"))
    assert done.returncode == 2
    assert "must be a name in UTF-8" in done.stderr
    assert not Path(os.fsdecode(b"d\xe4ta")).exists()


def test_figures_need_no_backend_of_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    program.spikeoff("--version")
    assert os.environ["MPLBACKEND"] == "agg"
