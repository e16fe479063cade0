"""What a search shows and leaves."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from optuna.trial import TrialState

from spikeoff.errors import UserError
from spikeoff.experiments.search import figures
from spikeoff.experiments.search.figures import (
    HISTORY,
    IMPORTANCE,
    PARALLEL,
    importances,
    write_figures,
)
from spikeoff.experiments.search.progress import SearchProgress
from spikeoff.experiments.search.results import BEST, TRIALS, finished
from spikeoff.experiments.search.runner import FIRST, SearchRunner
from spikeoff.experiments.search.settings import Machine
from spikeoff.experiments.search.study import SharedStudy
from spikeoff.experiments.search.worker_pool import WorkerPool
from tests import pictures
from tests.experiments.search.made import fill, hill, made_settings, made_study

MACHINE = Machine(1, "cpu", "mnist")


@pytest.mark.slow
def test_what_moves_accuracy_most_is_found_most_important(tmp_path: Path) -> None:
    study = made_study(tmp_path, made_settings(sampler="random"))
    fill(study, 9, hill)
    assert importances(study, finished(study, 9)) == {}
    fill(study, 30, hill)
    shares = importances(study, finished(study, 30))
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["learning_rate"] > 0.8
    with pictures.drawn():
        written = write_figures(study, finished(study, 30), tmp_path)
    assert [path.name for path in written] == [HISTORY, IMPORTANCE, PARALLEL]
    assert all(path.stat().st_size > 10_000 for path in written)


def test_figures_leave_nothing_in_pyplot_and_show_per_cent(tmp_path: Path) -> None:
    study = made_study(tmp_path, made_settings(sampler="random"))
    fill(study, 12, hill)
    done = finished(study, 12)
    axes = figures.history_figure(study, done).axes[0]
    offsets = [np.asarray(one.get_offsets()) for one in axes.collections]
    shown = dict(next(points for points in offsets if len(points) == 12))
    assert shown == pytest.approx({one.number: 100 * (one.value or 0) for one in done.trials})
    assert [len(figures.parallel_figure(study, done).axes)] == [1 + len(study.settings.space)]
    assert not plt.get_fignums()


class Inline(WorkerPool):
    """A pool that finishes one trial at each look, in this process."""

    def __init__(self, study: SharedStudy, total: int, values: list[float | None]) -> None:
        super().__init__("", study.name, total, 1, MACHINE)
        self._study, self._total, self._values = study, total, iter(values)

    def keep_up(self, finished: int, *, more: bool, asked: object) -> None:
        trial = self._study.take(self._total)
        assert trial is not None
        value = next(self._values)
        if value is None:
            self._study.tell(trial, None, TrialState.PRUNED, "training diverged")
        else:
            self._study.tell(trial, value, TrialState.COMPLETE)


def test_files_keep_up_and_every_trial_has_a_row_and_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spikeoff.experiments.search.runner.LOOK_S", 0)
    study = made_study(tmp_path, made_settings())
    pool = Inline(study, 4, [0.25, None, 0.75, 0.5])
    SearchRunner(study, 4, pool, MACHINE, tmp_path).run()
    rows = list(csv.DictReader((tmp_path / TRIALS).read_text().splitlines()))
    assert [row["validation_accuracy"] for row in rows] == ["0.25", "", "0.75", "0.5"]
    assert [row["outcome"] for row in rows] == ["complete", "failed", "complete", "complete"]
    assert rows[1]["reason"] == "training diverged"
    assert float(rows[2]["dropout"]) == study.trials(4)[2].params["dropout"]
    first = (tmp_path / BEST).read_text().splitlines()[0]
    assert first.endswith("75.00 %, trial 2 of 4; settings as given: 25.00 %")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[3] for line in lines] == ["0", "1", "2", "3"]
    assert "best 75.00 %  3/4  left 0:00:" in lines[2]


def test_a_search_in_which_nothing_comes_through_ends_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spikeoff.experiments.search.runner.LOOK_S", 0)
    study = made_study(tmp_path, made_settings())
    pool = Inline(study, 50, [None] * FIRST)
    with pytest.raises(UserError, match=r"none of the first 5 trials came through; .* diverged"):
        SearchRunner(study, 50, pool, MACHINE, tmp_path).run()


def test_progress_tells_no_trial_twice_and_none_of_an_earlier_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = made_study(tmp_path, made_settings())
    fill(study, 2, hill)
    with SearchProgress("search made", 4, 2) as progress:
        progress.look(study.trials(4))
        assert capsys.readouterr().err == ""
        fill(study, 3, hill)
        progress.look(study.trials(4))
        progress.look(study.trials(4))
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_workers_that_die_one_after_another_end_the_search_with_their_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spikeoff.experiments.search.runner.LOOK_S", 0.05)
    monkeypatch.setattr("spikeoff.experiments.search.worker_pool.MAX_DEATHS", 1)
    study = made_study(tmp_path, made_settings())
    machine = Machine(1, "cpu", str(tmp_path / "no-data"))
    url = f"sqlite:///{tmp_path / 'search.db'}"
    with pytest.raises(UserError, match="no-data': no such file, folder or data set"):
        SearchRunner(study, 2, WorkerPool(url, "made", 2, 1, machine), machine, tmp_path).run()
