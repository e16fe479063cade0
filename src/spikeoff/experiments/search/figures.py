"""The figures of a search, drawn by Optuna: its history, which settings matter, which are good."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState
from optuna.visualization import matplotlib as plots

from spikeoff.experiments.search.results import Finished, accuracy, baseline, outcome
from spikeoff.experiments.search.study import SharedStudy
from spikeoff.plotting import COLOURS, save_figure

HISTORY, IMPORTANCE, PARALLEL = "history.png", "importance.png", "parallel.png"
ACCURACY = "Validation accuracy (%)"
LEAST_FOR_IMPORTANCE = 10
"""With fewer trials, the shares of the variance mean nothing."""


def write_figures(study: SharedStudy, done: Finished, folder: Path) -> list[Path]:
    """Draw what the finished trials allow; returns the files, in the order above."""
    figures: dict[str, Callable[[], Figure]] = {HISTORY: lambda: history_figure(study, done)}
    if importances(study, done):
        figures[IMPORTANCE] = lambda: importance_figure(study, done)
    figures[PARALLEL] = lambda: parallel_figure(study, done)
    for name, draw in figures.items():
        save_figure(draw, folder / name)
    return [folder / name for name in figures]


def importances(study: SharedStudy, done: Finished) -> dict[str, float]:
    """Each field's share of the variance of the accuracy; empty with too few trials.

    A forest is fitted to the complete trials, and its variance split by field (fANOVA).

    Source: F. Hutter, H. Hoos, K. Leyton-Brown, "An efficient approach for assessing hyperparameter
    importance", ICML 2014.
    """
    values = {trial.value for trial in done.complete}
    if len(done.complete) < LEAST_FOR_IMPORTANCE or len(values) < 2:
        return {}
    with _without_warnings():
        return get_param_importances(
            _study_of(done.complete),
            evaluator=FanovaImportanceEvaluator(seed=0),
            params=list(study.settings.space),
        )


def history_figure(study: SharedStudy, done: Finished) -> Figure:
    """The accuracy of each trial, the best so far, and the settings as given.

    A trial that was ended early is shown with the accuracy after its last epoch. Trials far below
    the others lie outside the figure, so that they do not flatten it.
    """
    axes = _plot(plots.plot_optimization_history, done.trials, target_name=ACCURACY)
    pruned = [one for one in done.trials if outcome(one) == "pruned" and one.value is not None]
    axes.scatter(
        [trial.number for trial in pruned], [100 * accuracy(trial) for trial in pruned],
        facecolors="none", edgecolors=COLOURS[4], label="Ended early", zorder=3,
    )  # fmt: skip
    given = baseline(study, done)
    if given is not None:
        axes.axhline(100 * accuracy(given), color=COLOURS[6], linestyle=":", linewidth=1.2,
                     label="Settings as given")  # fmt: skip
    axes.set_ylim(bottom=_lower_bound(done))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=4, fontsize=8)
    return _titled(axes, study, done)


def importance_figure(study: SharedStudy, done: Finished) -> Figure:
    """Each field's share of the variance of the accuracy."""
    axes = _plot(
        plots.plot_param_importances, done.complete, target_name=ACCURACY,
        evaluator=FanovaImportanceEvaluator(seed=0), params=list(study.settings.space),
    )  # fmt: skip
    axes.set_xlabel("Share of the variance of validation accuracy (fANOVA)")
    axes.set_ylabel("")
    axes.set_title("", loc="left")
    legend = axes.get_legend()
    assert legend is not None
    legend.remove()
    return _titled(axes, study, done)


def parallel_figure(study: SharedStudy, done: Finished) -> Figure:
    """A line through the values of each complete trial; the better the trial, the darker."""
    bound = _lower_bound(done)
    trials = [trial for trial in done.complete if 100 * accuracy(trial) >= bound]
    names = list(study.settings.space)
    axes = _plot(plots.plot_parallel_coordinate, trials, params=names, target_name=ACCURACY)
    figure = _titled(axes, study, done)
    figure.axes[1].remove()  # the colour bar, which repeats the first axis
    for one in figure.axes:
        one.grid(visible=False)
        one.spines["right"].set_visible(True)
    figure.set_size_inches(max(6.4, 1.9 * (len(names) + 1)), 4.6)
    return figure


def _plot(draw: Callable[..., Any], trials: Sequence[FrozenTrial], **options: Any) -> Axes:
    """The axes of one of Optuna's plots; its figure is taken out of pyplot's global state."""
    plt.switch_backend("agg")
    with _without_warnings():
        axes: Axes = draw(_study_of(trials), **options)
    figure = axes.get_figure(root=True)
    plt.close(figure)
    return axes


def _study_of(trials: Sequence[FrozenTrial]) -> optuna.Study:
    """A study in memory that holds these trials, their accuracy in per cent."""
    study = optuna.create_study(direction="maximize")
    for trial in trials:
        one = copy.copy(trial)
        if trial.state == TrialState.COMPLETE:
            one.value = 100 * accuracy(trial)
        study.add_trial(one)
    return study


def _without_warnings() -> warnings.catch_warnings:
    """The block within which Optuna does not say that a function is experimental."""
    return warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning)


def _titled(axes: Axes, study: SharedStudy, done: Finished) -> Figure:
    best, count = accuracy(done.complete[0]), len(done.complete)
    axes.set_title(
        f"{study.settings.contender}: {len(done.trials)} trials, {count} complete; "
        f"best {100 * best:.2f} %",
        loc="center", y=1.03,
    )  # fmt: skip
    figure = axes.figure
    assert isinstance(figure, Figure)
    figure.set_layout_engine("tight")
    return figure


def _lower_bound(done: Finished) -> float:
    """From where accuracy is shown (%): a few very bad trials must not flatten all others."""
    scores = 100 * np.array([accuracy(trial) for trial in done.complete])
    return max(0.0, float(np.quantile(scores, 0.25)) - 4)
