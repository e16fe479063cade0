"""Before a race, the kernels of its contenders are compiled, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from spikeoff.data import load_dataset
from spikeoff.experiments.campaign import compiling as ahead
from spikeoff.experiments.campaign import entries
from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult
from spikeoff.experiments.campaign.local import LocalExecutor
from spikeoff.experiments.campaign.plan import Entry
from spikeoff.kernels import jit
from tests import gated, small_data

COMMON = {
    "mnist_path": str(small_data.path()), "n_train": 500, "n_validation": 50,
    "timing_seconds": 0.01, "energy_seconds": 0.0,
}  # fmt: skip


class _Watched:
    """Takes the place of the processes; keeps what they were to do, and what they would read."""

    def __init__(self) -> None:
        self.shares: list[list[str]] = []
        self.jobs: list[Job] = []
        self.images: set[int] = set()

    def start(self, target: Callable[..., object], arguments: tuple[list[Job]]) -> _Watched:
        assert target is ahead.train_in_turn
        (jobs,) = arguments
        self.shares.append([job.entry.contender for job in jobs])
        self.jobs += jobs
        self.images |= {len(load_dataset(job.entry.config.mnist_path).train) for job in jobs}
        return self

    def join(self) -> None:
        pass

    def kill(self) -> None:
        pass


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> _Watched:
    """A machine of two cores on which nothing was compiled yet."""
    instead = _Watched()
    monkeypatch.setattr(ahead, "start_process", instead.start)
    monkeypatch.setattr(ahead, "available_cores", lambda: 2)
    monkeypatch.setattr(ahead, "kernel_folder", lambda: tmp_path / "kernels")
    return instead


def race_of(*names: str, seeds: Sequence[int] = (0,)) -> list[Entry]:
    return entries(names, seeds, "quick", COMMON, Path("nowhere"))


def test_each_contender_trains_once_on_few_images_and_never_again(watched: _Watched) -> None:
    said: list[str] = []
    runs = race_of("mlp", "cnn", seeds=(0, 1))
    ahead.compile_ahead(runs, said.append)
    assert [job.entry.contender for job in watched.jobs] == ["mlp", "cnn"]
    assert watched.images == {ahead.N_TRAIN}
    assert not any(Path(job.output).exists() for job in watched.jobs)
    assert len(said) == 1
    assert "mlp, cnn" in said[0]
    ahead.compile_ahead(runs, said.append)
    assert len(watched.jobs) == 2
    assert len(said) == 1


def test_families_stay_together_in_as_many_processes_as_cores(watched: _Watched) -> None:
    names = ("diehl-cook", "izhikevich-gradient", "mlp", "izhikevich-stdp", "cnn")
    ahead.compile_ahead(race_of(*names), lambda _: None)
    assert watched.shares == [
        ["izhikevich-gradient", "mlp", "cnn"],
        ["diehl-cook", "izhikevich-stdp"],
    ]


def test_a_stopped_run_is_the_last_of_its_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[int] = []

    def stopped(job: Job, _: Callable[[ProgressEvent], None]) -> RunResult:
        made.append(job.number)
        return RunResult(job.number, "failed" if job.number == 1 else "stopped")

    monkeypatch.setattr(ahead, "work", stopped)
    monkeypatch.setattr(ahead, "leave_to_parent", lambda: None)
    ahead.train_in_turn(ahead._jobs(race_of("mlp", "cnn", "diehl-cook"), tmp_path))
    assert made == [1, 2]


def test_another_processor_or_another_state_of_the_sources_compiles_anew(
    watched: _Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = race_of("mlp", "cnn")
    for name, value in (("compiler_state", lambda: "a"), ("digest", lambda _: "b")):
        ahead.compile_ahead(runs, lambda _: None)
        monkeypatch.setattr(ahead, name, value)
    ahead.compile_ahead(runs, lambda _: None)
    assert len(watched.jobs) == 6


def test_side_by_side_the_first_of_each_family_come_first_and_compile_for_themselves(
    watched: _Watched, tmp_path: Path
) -> None:
    runs = race_of("izhikevich-gradient", "mlp", "izhikevich-stdp", "cnn", "diehl-cook")
    said: list[str] = []
    jobs = ahead.prepare_kernels(ahead._jobs(runs, tmp_path), 2, said.append)
    assert [job.entry.contender for job in jobs] == [
        "izhikevich-gradient", "izhikevich-stdp", "diehl-cook", "mlp", "cnn"
    ]  # fmt: skip
    assert not watched.jobs
    assert len(said) == 1
    ahead.note_compiled([job.entry for job in jobs])
    ahead.prepare_kernels(jobs, 2, said.append)
    assert len(said) == 1


def test_one_at_a_time_they_keep_their_order_and_are_compiled_ahead(
    watched: _Watched, tmp_path: Path
) -> None:
    jobs = ahead._jobs(race_of("mlp", "izhikevich-stdp", "cnn"), tmp_path)
    assert ahead.prepare_kernels(jobs, 1, lambda _: None) == jobs
    assert len(watched.jobs) == 3


def test_one_alone_compiles_what_it_needs_itself(watched: _Watched) -> None:
    ahead.compile_ahead(race_of("mlp", seeds=(0, 1)), lambda _: None)
    assert not watched.jobs


def test_what_others_registered_runs_only_when_asked_to(
    watched: _Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gated.register(monkeypatch, tmp_path / "site")
    ahead.compile_ahead(race_of("mlp", "cnn", gated.NAME), lambda _: None)
    assert [job.entry.contender for job in watched.jobs] == ["mlp", "cnn"]


@pytest.mark.slow
@pytest.mark.skipif(not jit.COMPILES, reason="kernels run as Python")
def test_what_few_images_compiled_is_all_that_a_run_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kernels = tmp_path / "kernels"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))  # for the processes
    (run,) = race_of("mlp")
    (few,) = ahead._jobs([run], tmp_path)
    complete = replace(few, number=2, entry=replace(run, folder="complete"))
    ended: list[ProgressEvent | RunResult] = []
    LocalExecutor().run([few], ended.append)
    compiled = set(kernels.rglob("*.nbc"))
    LocalExecutor().run([complete], ended.append)
    assert [one.kind for one in ended if isinstance(one, RunResult)] == ["finished"] * 2
    assert compiled
    assert set(kernels.rglob("*.nbc")) == compiled
