"""A campaign as a user runs it: nothing twice; what fails or is killed stops no other run."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from spikeoff.cli import main
from spikeoff.console import output_console
from spikeoff.contenders.registry import find
from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult
from spikeoff.experiments.campaign.local import LocalExecutor
from spikeoff.experiments.campaign.plan import Entry
from spikeoff.experiments.campaign.progress_display import ProgressDisplay
from spikeoff.run.run_record import find_runs
from spikeoff.run.session import run
from tests import gated, killing, program, small_data
from tests.experiments.campaign.losing_nodes import (
    LONGEST_S,
    count,
    end,
    finishes,
    start,
    under_way,
)


def common() -> str:
    """The settings of all runs."""
    return f"""
[all]
n_train = 300
n_validation = 50
timing_seconds = 0
energy_seconds = 0
mnist_path = "{small_data.path()}"
"""


@pytest.mark.slow
def test_one_that_fails_and_one_that_is_killed_stop_no_other_and_nothing_runs_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers; a run fails, all are asked to stop; then it goes on and one is killed.

    The gate stays shut: what is stopped, and then killed, cannot have ended before.
    """
    file, output, place = tmp_path / "asked.toml", tmp_path / "out", f"{gated.NAME}/seed-0"
    gated.register(monkeypatch, tmp_path / "site")
    good = "[mlp]\nn_hidden = [8]\nepochs = 2\n"
    shut = f"[{gated.NAME}]\nepochs = {gated.EPOCH}\ngate = '{tmp_path / 'gate'}'\n"
    bad = "[cnn]\ndevice = 'mps'\nepochs = 1\n"
    file.write_text(common() + good + shut + bad)
    process = start(file, output, "--workers", "2")
    deadline = time.monotonic() + LONGEST_S
    while not (count(output)["failed"] and (output / place / "honest_cnn_metrics.csv").exists()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert finishes(output) == {"mlp/n_hidden=8/seed-0": 1}
    process.send_signal(signal.SIGTERM)
    err = end(process, output)
    assert process.returncode == 143
    assert f"go on with: spikeoff campaign {file} --output {output} --workers 2" in err
    first = (output / "mlp" / "n_hidden=8" / "seed-0" / "summary.json").stat().st_mtime_ns

    process = start(file, output, "--workers", "2")
    while place not in under_way(output):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(int(under_way(output)[place].split()[-1]), signal.SIGKILL)
    err = end(process, output)
    assert process.returncode == 1
    assert f"failed: {gated.NAME} seed 0: its process was killed by signal 9" in err
    assert "failed: cnn seed 0: `device` (=mps) is not available" in err
    assert finishes(output) == {"mlp/n_hidden=8/seed-0": 1}
    summary = output / "mlp" / "n_hidden=8" / "seed-0" / "summary.json"
    assert summary.stat().st_mtime_ns == first
    assert len(find_runs([output])) == 1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a campaign of two runs, both at a time."""
    folder = tmp_path_factory.mktemp("campaign")
    file = folder / "asked.toml"
    file.write_text(common() + "epochs = 2\n[mlp]\nn_hidden = [8, 16]\n")
    done = program.spikeoff("campaign", file, "--output", folder / "out", "--workers", "2")
    assert done.returncode == 0, done.stderr
    return folder / "out"


@pytest.mark.slow
def test_runs_side_by_side_end_as_one_alone(made: Path, tmp_path: Path) -> None:
    config = find("mlp").config_type(
        hidden=(16,), epochs=2, n_train=300, n_validation=50, timing_seconds=0.0,  # type: ignore[call-arg]
        energy_seconds=0.0, num_threads=1, mnist_path=small_data.path(),
        save_path=tmp_path / "alone",
    )  # fmt: skip
    alone = killing.results(run("mlp", config).folder)
    assert killing.differences(alone, killing.results(made / "mlp/n_hidden=16/seed-0")) == []
    page = (made / "comparison.html").read_text()
    assert all(f"mlp hidden={n}" in page for n in (8, 16))


@pytest.mark.slow
def test_what_one_campaign_finished_another_takes_and_only_the_rest_runs(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Job] = []

    def runs(self: LocalExecutor, jobs: list[Job], hear: object) -> None:
        given.extend(jobs)

    monkeypatch.setattr(LocalExecutor, "run", runs)
    file, output = tmp_path / "other.toml", tmp_path / "out"
    file.write_text(common() + "epochs = 2\nnum_threads = 1\n[mlp]\nn_hidden = [8, 16]\n[cnn]\n")
    with pytest.raises(SystemExit):
        main(["campaign", str(file), "--output", str(output), "--store", str(made)])
    out, _ = capsys.readouterr()
    assert [job.entry.place for job in given] == ["cnn/seed-0"]
    assert f"taken from {made}/mlp/n_hidden=16/seed-0" in out
    theirs, ours = (folder / "mlp/n_hidden=16/seed-0" for folder in (made, output))
    assert killing.differences(killing.results(theirs), killing.results(ours)) == []
    assert not list(output.rglob(".part-*"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("epochs = 3", "holds a run with `epochs` (=2), not 3"),
        ("tdp = 1", "holds a run with `tdp`"),
    ],
)
def test_a_folder_with_other_settings_is_not_taken_for_the_run(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, message: str
) -> None:
    file = tmp_path / "asked.toml"
    settings = f"epochs = 2\n{change}\n" if "epochs" not in change else f"{change}\n"
    file.write_text(common() + settings + "num_threads = 1\n[mlp]\nn_hidden = [8]\n")
    before = (made / "race.json").read_text()
    try:
        with pytest.raises(SystemExit) as caught:
            main(["campaign", str(file), "--output", str(made)])
    finally:
        (made / "race.json").write_text(before)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def job(number: int, contender: str = "mlp") -> Job:
    entry = Entry(contender, find(contender).config_type(seed=number))
    return Job(number, entry, "0" * 64, "out", "out", "", 1)


def test_the_board_counts_and_tells_what_is_left(tmp_path: Path) -> None:
    display = ProgressDisplay([job(n) for n in range(1, 6)], 2, output_console(), tmp_path)
    display.skip(job(1), "has finished before")
    display.fail(job(2), "no")
    assert display._counts() == "3 queued, 0 running, 1 done, 1 failed"
    display.handle(ProgressEvent(3, started="here"))
    display.handle(ProgressEvent(4, started="here"))
    display.handle(RunResult(3, "finished", "well"))
    assert display._counts().startswith("1 queued, 1 running, 2 done, 1 failed, left ")
    display.handle(ProgressEvent(4, started="there"))
    assert [json.loads(line)["event"] for line in (tmp_path / "journal.jsonl").open()] == [
        "start", "start", "finished", "start"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--workers", "0"], "`workers` (=0) must be from 1"),
        (["--address", "x:1"], "`address` (=x:1) is a Ray cluster's"),
        (["--output", "memory://x"], "is gone with the process"),
        (["--output", "nonsense://x"], "cannot be opened"),
    ],
)
def test_bad_flags_get_one_line(
    flags: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(["compare", "--contenders", "mlp", *flags])
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_missing_file_gets_one_line(tmp_path: Path) -> None:
    done = program.spikeoff("campaign", tmp_path / "none.toml")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "none.toml: cannot be read: No such file or directory" in done.stderr
