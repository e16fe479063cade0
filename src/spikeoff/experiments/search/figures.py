"""The figures of a search: how it went, which fields matter, and what good settings share."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from spikeoff.experiments.search.results import Finished, accuracy, baseline, outcome, value_text
from spikeoff.experiments.search.space import Choice, Range
from spikeoff.experiments.search.study import SharedStudy
from spikeoff.plotting import COLOURS, new_figure, save_figure

HISTORY, IMPORTANCE, PARALLEL = "history.png", "importance.png", "parallel.png"
TICKS = 5
LEAST_FOR_IMPORTANCE = 10
"""A forest that is grown on fewer trials tells nothing."""


def write_figures(study: SharedStudy, done: Finished, folder: Path) -> list[Path]:
    """Draw what the finished trials allow; returns the files, in the order above."""
    save_figure(lambda: history_figure(study, done), folder / HISTORY)
    save_figure(lambda: parallel_figure(study, done), folder / PARALLEL)
    written = [folder / HISTORY, folder / PARALLEL]
    shares = importances(study, done)
    if shares:
        save_figure(lambda: importance_figure(study, shares), folder / IMPORTANCE)
        written.insert(1, folder / IMPORTANCE)
    return written


def importances(study: SharedStudy, done: Finished) -> dict[str, float]:
    """Each field's share of the variance of the accuracy; empty with too few trials.

    A forest is fitted to the complete trials, and its variance split by field (fANOVA).

    Source: F. Hutter, H. Hoos, K. Leyton-Brown, "An efficient approach for assessing hyperparameter
    importance", ICML 2014.
    """
    values = {trial.value for trial in done.complete}
    if len(done.complete) < LEAST_FOR_IMPORTANCE or len(values) < 2:
        return {}
    alone = optuna.create_study(direction="maximize")
    alone.add_trials(done.complete)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        found = get_param_importances(alone, evaluator=FanovaImportanceEvaluator(seed=0))
    return {name: share for name, share in found.items() if name in study.settings.space}


def history_figure(study: SharedStudy, done: Finished) -> Figure:
    """Accuracy of every trial by its number, the best so far, and the settings as given.

    Of a trial that was ended early, the accuracy after its last epoch. A triangle at the lower edge
    is a trial below.
    """
    figure = new_figure(7.2, 4.2)
    axes = figure.add_subplot()
    lowest = _lower_bound(done)
    for which, colour, filled in (("complete", COLOURS[0], True), ("pruned", COLOURS[4], False)):
        shown = [trial for trial in done.trials if outcome(trial) == which and trial.value]
        scores = np.array([100 * accuracy(trial) for trial in shown])
        for below in (False, True):
            here = (scores < lowest) == below
            axes.scatter(
                np.array([trial.number for trial in shown])[here],
                np.maximum(scores, lowest)[here],
                s=26, facecolors=colour if filled else "none", edgecolors=colour, zorder=3,
                marker="v" if below else "o", clip_on=False,
                label=None if below else "complete" if filled else "ended early",
            )  # fmt: skip
    complete = sorted(done.complete, key=lambda trial: trial.number)
    best = np.maximum.accumulate([100 * accuracy(trial) for trial in complete])
    places = [*(trial.number for trial in complete), len(done.trials) - 1]
    axes.step(places, [*best, best[-1]], where="post", color=COLOURS[1], label="best so far")
    given = baseline(study, done)
    if given is not None:
        axes.axhline(100 * accuracy(given), color=COLOURS[6], linestyle=":", linewidth=1.2,
                     label="settings as given")  # fmt: skip
    axes.set(xlabel="Trial", ylabel="Validation accuracy (%)", title=_title(study, done))
    axes.set_ylim(bottom=lowest)
    figure.legend(loc="outside lower center", ncols=4, fontsize=9)
    return figure


def importance_figure(study: SharedStudy, shares: dict[str, float]) -> Figure:
    """Each field's share of the variance of the accuracy."""
    names = sorted(shares, key=lambda name: shares[name])
    figure = new_figure(6.4, 1.4 + 0.36 * len(names))
    axes = figure.add_subplot()
    bars = axes.barh(names, [100 * shares[name] for name in names], color=COLOURS[0], height=0.6)
    axes.bar_label(bars, fmt="%.0f", padding=4, fontsize=10)
    axes.set(xlabel="Share of the variance of validation accuracy (%)",
             title=f"{study.settings.contender}: which settings matter (fANOVA)")  # fmt: skip
    axes.grid(visible=False, axis="y")
    axes.set_axisbelow(True)
    axes.margins(x=0.1)
    return figure


def parallel_figure(study: SharedStudy, done: Finished) -> Figure:
    """A line a complete trial through its values; the better, the darker and the higher up."""
    trials = done.complete[::-1]  # the best on top
    space = study.settings.space
    figure = new_figure(max(6.4, 1.9 * (len(space) + 1)), 4.6)
    axes = figure.add_subplot()
    scores = 100 * np.array([accuracy(trial) for trial in trials])
    low = max(_lower_bound(done), float(scores.min()))
    high = max(float(scores.max()), low + 0.01)
    ends = np.clip((scores - low) / (high - low), 0, 1)
    heights = np.column_stack(
        [*(_heights(one, [trial.params[name] for trial in trials]) for name, one in space.items()),
         ends]
    )  # fmt: skip
    lines = LineCollection(
        [np.column_stack([np.arange(len(row)), row]) for row in heights], array=ends,
        cmap="viridis_r", alpha=0.75, linewidths=np.where(scores == scores.max(), 3.0, 1.2),
    )  # fmt: skip
    axes.add_collection(lines)
    for place, one in enumerate(space.values()):
        _scale(axes, place, *_ticks(one))
    marks = np.linspace(0, 1, TICKS)
    below = "≤ " if scores.min() < low else ""
    texts = [f"{low + mark * (high - low):.1f}" for mark in marks]
    _scale(axes, len(space), marks, [below + texts[0], *texts[1:]])
    names = [*space, "accuracy (%)"]
    axes.set(
        xlim=(-0.25, len(space) + 0.45), ylim=(-0.03, 1.03), yticks=[], title=_title(study, done)
    )
    axes.set_xticks(range(len(names)), names)
    axes.tick_params(axis="x", length=0, pad=8)
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure


def _title(study: SharedStudy, done: Finished) -> str:
    best = done.complete[0]
    count = sum(trial.state == TrialState.COMPLETE for trial in done.trials)
    return (
        f"{study.settings.contender}: {len(done.trials)} trials, {count} to the last epoch; "
        f"best {100 * accuracy(best):.2f} %"
    )


def _lower_bound(done: Finished) -> float:
    """From where accuracy is shown (%): a few hopeless trials must not flatten all others."""
    scores = 100 * np.array([accuracy(trial) for trial in done.complete])
    return max(0.0, float(np.quantile(scores, 0.25)) - 4)


def _heights(one: Range | Choice, values: list[Any]) -> NDArray[np.float64]:
    """Where values lie between the ends of their axis, from 0 to 1."""
    if isinstance(one, Choice):
        places = [one.values.index(value) for value in values]
        return np.array(places, np.float64) / (len(one.values) - 1)
    numbers = np.array(values, np.float64)
    low, high = one.ends_as_numbers
    if one.log:
        numbers, low, high = np.log(numbers), math.log(low), math.log(high)
    heights: NDArray[np.float64] = (numbers - low) / (high - low)
    return heights


def _ticks(one: Range | Choice) -> tuple[NDArray[np.float64], list[str]]:
    """Heights and texts of an axis's ticks."""
    if isinstance(one, Choice):
        return np.linspace(0, 1, len(one.values)), [value_text(value) for value in one.values]
    marks = np.linspace(0, 1, TICKS)
    low, high = one.ends_as_numbers
    numbers = low * (high / low) ** marks if one.log else low + marks * (high - low)
    digits = 2 if one.log else 3
    return marks, [f"{float(f'{number:.{digits}g}'):g}" for number in numbers]


def _scale(axes: Axes, place: int, marks: NDArray[np.float64], texts: list[str]) -> None:
    """An upright axis with texts beside its ticks."""
    axes.plot([place, place], [0, 1], color="#444444", linewidth=1, zorder=3)
    for mark, text in zip(marks, texts, strict=True):
        axes.plot([place - 0.02, place + 0.02], [mark, mark], color="#444444", linewidth=1)
        axes.text(
            place + 0.04, mark, text, fontsize=9, va="center", zorder=4,
            bbox={"facecolor": "white", "alpha": 0.8, "pad": 0.8, "linewidth": 0},
        )  # fmt: skip
