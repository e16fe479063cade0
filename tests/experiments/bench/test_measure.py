"""What a benchmark tells, and what the verb refuses."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

import pytest
from rich.console import Console

from spikeoff.cli import main
from spikeoff.experiments.bench import MODULES
from spikeoff.experiments.bench.measure import Entry, Measurement, in_turns, print_table, timed


def test_ratios_are_of_medians_and_conditions_are_told() -> None:
    text = io.StringIO()
    rows = [
        Measurement("ours", "fast", [0.002, 0.001, 0.09]),
        Measurement("theirs", "slow", [0.5, 0.3, 0.1], "a note"),
    ]
    print_table("title", "image", rows, "n=3", Console(file=text, width=120))
    shown = text.getvalue().splitlines()
    table = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown if "│" in line]
    assert table == [
        ["ours", "fast", "2", "1 - 90", "1", ""],
        ["theirs", "slow", "300", "100 - 500", "150", "a note"],
    ]
    assert shown[-1].startswith("n=3; ")


def test_every_repeat_is_timed_a_unit() -> None:
    calls: list[int] = []
    seconds = timed(lambda: calls.append(1), 10, 4)
    assert len(calls) == len(seconds) == 4
    assert all(0 <= second < 1 for second in seconds)


def test_turns_alternate_and_the_first_does_not_count() -> None:
    done: list[tuple[str, int]] = []

    def entry(name: str) -> Entry:
        return Entry(name, "how", lambda turn: lambda: done.append((name, turn)), "note")

    measured = in_turns([entry("a"), entry("b")], units=10, turns=2)
    assert done == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert [(one.engine, one.how, one.note) for one in measured] == [
        ("a", "how", "note"), ("b", "how", "note")
    ]  # fmt: skip
    assert all(len(one.seconds) == 2 for one in measured)


def test_what_is_prepared_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def prepare(turn: int) -> Callable[[], None]:
        now[0] += 100.0
        return lambda: now.__setitem__(0, now[0] + 5.0 * turn)

    (measured,) = in_turns([Entry("a", "how", prepare)], units=10, turns=2)
    assert measured.seconds == [0.5, 1.0]


def test_the_verb_times_our_engine_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["bench", "diehl-cook", "--n_e", "20"])
    assert not caught.value.code
    shown = capsys.readouterr().out
    assert "learning, 1 thread" in shown
    assert "n_e=20" in shown
    assert "Brian2" not in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["diehl-cook", "--examples", "0"], "`examples` (=0) must be from 1 to 1000"),
        (["diehl-cook", "--n_e", "1"], "`n_e` (=1)"),
        (["diehl-cook", "--dt", "0"], "`dt` (=0.0)"),
        (["diehl-cook", "--against", "snntorch"], "no peer of diehl-cook; choose from: brian2"),
        (["mlp", "--against", "brian2"], "`against` (=brian2) is no peer of mlp"),
        (["cnn", "--against", "torch-loop", "x"], "`against` (=x) is no peer of cnn"),
        (["mlp", "--batches", "-1"], "`batches` (=-1) must be from 1 to 468"),
        (["mlp", "--turns", "0"], "`turns` (=0) must be from 1"),
        (["izhikevich-gradient", "--against", "torch-loop"], "choose from: snntorch, spikingjelly"),
        (["izhikevich-gradient", "--turns", "0"], "`turns` (=0) must be from 1"),
        (["izhikevich-gradient", "--batch_size", "60001"], "`batch_size` (=60001) must be at most"),
        (["izhikevich-stdp"], "'izhikevich-stdp' has no benchmark; those that have one: diehl"),
    ],
)
def test_what_cannot_be_timed_gets_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["bench", *arguments])
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("library", ["snntorch", "spikingjelly"])
def test_a_peer_that_is_not_installed_names_the_extra(
    library: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    for part in ("functional", "layer", "neuron", "surrogate"):
        monkeypatch.setitem(sys.modules, f"spikingjelly.activation_based.{part}", None)
    with pytest.raises(SystemExit) as caught:
        main(["bench", "izhikevich-gradient", "--against", library])
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert "pip install 'spikeoff[peers]'" in err
    assert err.count("\n") == 1


def test_each_contender_has_flags_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    for contender, flag in (
        ("diehl-cook", "--n_e2"), ("izhikevich-gradient", "--n_steps"), ("mlp", "--batches"),
        ("cnn", "--batches"),
    ):  # fmt: skip
        with pytest.raises(SystemExit):
            main(["bench", contender, "--help"])
        assert flag in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main(["bench"])
    assert not caught.value.code
    overview = capsys.readouterr().out
    assert all(name in overview for name in MODULES)
