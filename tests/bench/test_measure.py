"""What a benchmark tells, and what the verb refuses."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from spikeoff.bench.measure import Measurement, tell, timed
from spikeoff.cli import main


def test_ratios_are_of_medians_and_conditions_are_told() -> None:
    text = io.StringIO()
    rows = [
        Measurement("ours", "fast", [0.002, 0.001, 0.09]),
        Measurement("theirs", "slow", [0.5, 0.3, 0.1], "a note"),
    ]
    tell("title", "image", rows, "n=3", Console(file=text, width=120))
    shown = text.getvalue()
    assert "2" in shown.split("ours")[1].splitlines()[0]
    theirs = shown.split("theirs")[1].splitlines()[0]
    assert all(word in theirs for word in ("300", "100 - 500", "150", "a note"))
    assert "n=3; " in shown


def test_every_repeat_is_timed_a_unit() -> None:
    calls: list[int] = []
    seconds = timed(lambda: calls.append(1), 10, 4)
    assert len(calls) == len(seconds) == 4
    assert all(0 <= second < 1 for second in seconds)


def test_the_verb_times_our_engine_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["bench", "diehl-cook", "--n_e", "20"])
    assert not caught.value.code
    shown = capsys.readouterr().out
    assert "learning, 1 thread" in shown
    assert "n_e=20" in shown
    assert "Brian2" not in shown


@pytest.mark.parametrize("flags", [["--examples", "0"], ["--n_e", "1"], ["--dt", "0"]])
def test_what_cannot_be_timed_gets_one_line(
    flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["bench", "diehl-cook", *flags])
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
