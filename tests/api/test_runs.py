"""Runs and comparisons from Python: what they return, and that they leave the process alone."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import spikeoff
from spikeoff.api.folders import Place
from spikeoff.api.run import Run
from spikeoff.data import load_dataset
from tests import small_data
from tests.process_settings import process_settings
from tests.report.test_equal_accuracy import PERCEPTRONS, SPIKING

SHORT: dict[str, Any] = {
    "epochs": 1, "n_train": 500, "n_validation": 100, "num_threads": 1, "timing_seconds": 0,
    "energy_seconds": 0, "progress": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def run() -> spikeoff.Run:
    return spikeoff.train("mlp", small_data.path(), seed=3, hidden=[16], **SHORT)


@pytest.fixture(scope="module")
def race() -> spikeoff.Comparison:
    return spikeoff.compare(["mlp", "izhikevich-stdp"], small_data.path(), twins=False, **SHORT)


CALLS: dict[str, Callable[[spikeoff.Run, spikeoff.Comparison], object]] = {
    "train": lambda run, race: spikeoff.train("izhikevich-stdp", small_data.path(), **SHORT),
    "predict": lambda run, race: race.runs[0].predict(load_dataset(small_data.path()).test),
    "figure": lambda run, race: run.figure()._repr_png_(),  # type: ignore[attr-defined]
    "html": lambda run, race: race._repr_html_(),
    "classifier": lambda run, race: spikeoff.IzhikevichSTDPClassifier(
        epochs=1, num_threads=1
    ).fit(np.arange(80).reshape(5, 16), [0, 1, 0, 1, 1]),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_a_call_leaves_the_callers_process_as_it_was(
    call: str, run: spikeoff.Run, race: spikeoff.Comparison
) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        before = process_settings()
        CALLS[call](run, race)
        assert process_settings() == before
    finally:
        torch.set_num_threads(threads)


@pytest.mark.slow
def test_a_run_answers_its_own_test_images_as_it_did_when_it_was_tested(run: spikeoff.Run) -> None:
    test = spikeoff.load_data(small_data.path()).test
    answers = run.predict(test)
    assert (answers == test.labels).mean() == run.accuracy
    by_array = run.predict(test.pixels)
    assert np.array_equal(by_array, run.predict(test.pixels / 255))
    frozen = test.pixels.copy()
    frozen.flags.writeable = False  # as those of a picture are
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(by_array, run.predict(frozen))
    assert np.array_equal(by_array, answers)  # an mlp draws nothing, whatever an image's number
    assert run.confusion.sum() == len(test)
    assert len(run.history) == 1
    assert set(run.ledger) >= {"time", "operations", "energy"}
    assert run.record(test).answers[:, -1].tolist() == answers.tolist()


@pytest.mark.slow
def test_a_run_saved_and_loaded_is_the_same(run: spikeoff.Run, tmp_path: Path) -> None:
    saved = run.save(tmp_path / "kept")
    loaded = spikeoff.load_run(tmp_path / "kept")
    test = spikeoff.load_data(small_data.path()).test
    assert loaded.summary == saved.summary == run.summary
    assert np.array_equal(loaded.predict(test), run.predict(test))
    with pytest.raises(spikeoff.UserError, match="exists already"):
        run.save(tmp_path / "kept")


@pytest.mark.slow
def test_wrong_images_are_refused_in_one_line(run: spikeoff.Run) -> None:
    for images, message in (
        (np.zeros((28, 28), np.uint8), "add an axis"),
        (np.zeros((2, 27, 28), np.uint8), "2 x 27 x 28"),
        (np.full((2, 28, 28), 2.0), "from 0 to 2"),
        (np.full((2, 28, 28), np.nan), "are needed"),
        (np.full((2, 28, 28), 256), "from 0 to 256"),
    ):
        with pytest.raises(spikeoff.UserError, match=message) as refused:
            run.predict(images)
        assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_a_comparison_has_the_numbers_of_its_runs(
    race: spikeoff.Comparison, tmp_path: Path
) -> None:
    assert [one["contender"] for one in race.rows] == ["izhikevich-stdp", "mlp"]
    assert [one["test_accuracy"] for one in race.rows] == [run.accuracy for run in race.runs]
    best = max(race.runs, key=lambda run: run.accuracy)
    assert race.table[0]["Contender"] == best.contender
    page = race.save_page(tmp_path / "race.html").read_text()
    assert page.startswith("<!doctype html>")
    assert all(one.contender in race._repr_html_() for one in race.runs)
    for kind in ("operations", "energy", "learning"):
        assert race.figure(kind).axes
    with pytest.raises(spikeoff.UserError, match="`kind`"):
        race.figure("nothing")  # type: ignore[arg-type]
    assert race.equal_accuracy == []
    with pytest.raises(spikeoff.UserError, match="three sizes"):
        race.figure("front")


def test_a_comparison_of_sizes_has_a_front() -> None:
    records = [*PERCEPTRONS, *SPIKING[:1]]
    sizes = spikeoff.Comparison([Run(one, Place(one.folder)) for one in records])
    assert len(sizes.figure("front").axes) == 1
    (row,) = sizes.equal_accuracy
    assert (row["network"], row["place"], row["ratio"]) == (SPIKING[0].label, "beyond", None)
    records = [*PERCEPTRONS, SPIKING[1]]
    (row,) = spikeoff.Comparison([Run(one, Place(one.folder)) for one in records]).equal_accuracy
    low, high = row["interval"]
    assert low < row["ratio"] < high
    assert row["conventional"] == ("mlp hidden=64", "mlp hidden=256")


@pytest.mark.slow
def test_a_race_here_and_one_in_processes_have_the_same_results(
    race: spikeoff.Comparison, tmp_path: Path
) -> None:
    apart = spikeoff.compare(["mlp"], small_data.path(), twins=False, workers=1, **SHORT)
    assert apart.runs[0].accuracy == race.runs[1].accuracy
    assert apart.runs[0].history[0]["train_loss"] == race.runs[1].history[0]["train_loss"]


@pytest.mark.slow
def test_arrays_train_and_the_same_call_takes_finished_runs_over(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (80, 6, 6), np.uint8), np.arange(80) % 2
    data = spikeoff.make_data(x[:60], y[:60], x[60:], y[60:])
    assert (data.shape, data.classes) == ((6, 6), ("0", "1"))
    settings = {**SHORT, "n_train": None, "n_validation": 10}
    first, second = (
        spikeoff.compare(["mlp"], data, output=tmp_path / "race", **settings) for _ in range(2)
    )
    assert first.runs[0].summary == second.runs[0].summary
    other = spikeoff.make_data(255 - x[:60], y[:60], x[60:], y[60:])
    with pytest.raises(spikeoff.UserError, match="other images"):
        spikeoff.compare(["mlp"], other, output=tmp_path / "race", **settings)


def test_mistakes_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: spikeoff.train("mlpp", save_path=folder), "no contender"),
        (lambda: spikeoff.train("mlp", save_path=folder, hiden=[2]), "no setting"),
        (lambda: spikeoff.train("mlp", save_path=folder, mnist_path="x"), "`data`"),
        (lambda: spikeoff.train("mlp", 7, save_path=folder), "`data`"),  # type: ignore[arg-type]
        (lambda: spikeoff.compare(["mlp"], output=folder, hidden=[2]), "Comparison"),
        (lambda: spikeoff.compare(["mlp", "mlp"], output=folder), "twice"),
        (lambda: spikeoff.compare([], output=folder), "empty"),
        (lambda: spikeoff.compare(["mlp"], workers=0, output=folder), "workers"),
        (lambda: spikeoff.compare(preset="slow", output=folder), "preset"),  # type: ignore[arg-type]
        (lambda: spikeoff.Comparison([]), "at least one"),
        (lambda: spikeoff.load_run(folder), "no run"),
        (lambda: spikeoff.load_data(folder), "no such file"),
    ]  # fmt: skip
    for call, message in wrong:
        with pytest.raises(spikeoff.UserError, match=message) as refused:
            call()
        assert "\n" not in str(refused.value)
    assert not folder.exists()


@pytest.mark.slow
def test_processes_start_from_standard_input_too(tmp_path: Path) -> None:
    code = (
        "import spikeoff\n"
        f"race = spikeoff.compare(['mlp'], {small_data.path()!r}, twins=False, workers=1, "
        f"**{SHORT!r})\n"
        "print(len(race.runs), race.failures)\n"
    )
    done = subprocess.run(
        [sys.executable, "-"], input=code, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout == "1 []\n", done.stderr[-2000:]
    assert not done.stderr
