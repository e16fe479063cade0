"""The figures of a run, and of several runs together."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from spikeoff.data import MNIST
from spikeoff.ledger.operation_energy import EnergyTable
from spikeoff.plotting import (
    COLOURS,
    MARKERS,
    figure_style,
    legend_above,
    new_figure,
    save_figure,
)
from spikeoff.report.groups import group
from spikeoff.report.looks import looks
from spikeoff.report.statistics import accuracy_interval
from spikeoff.report.verdict import cost
from spikeoff.run.run_record import RunRecord

PARTS = [("train", COLOURS[0], MARKERS[0]), ("validation", COLOURS[1], MARKERS[1])]


def headline(record: RunRecord) -> str:
    """Contender, test accuracy and seed: the title of every figure of a run."""
    accuracy = 100 * record.summary["accuracy"]["test"]
    return f"{record.title}: test accuracy {accuracy:.2f} %, seed {record.seed}"


def save_run_figures(record: RunRecord) -> None:
    """Write the confusion matrix and the training analysis into the run's folder."""
    files = record.summary["files"]
    save_confusion(record, record.folder / files["confusion"])
    save_analysis(record, record.folder / files["analysis"])


def save_confusion(record: RunRecord, path: Path) -> None:
    """Write the confusion matrix of the test images as a figure file."""
    save_figure(
        lambda: confusion_figure(record.confusion(), headline(record), record.spec.classes), path
    )


def save_analysis(record: RunRecord, path: Path) -> None:
    """Write accuracy, loss, activity and energy over the epochs as a figure file."""
    save_figure(lambda: analysis_figure(record), path)


def save_plane(records: Sequence[RunRecord], path: Path) -> None:
    """Write accuracy against operations as a figure file."""
    save_figure(lambda: plane_figure(records), path)


def effective_operations(summary: dict[str, Any]) -> float:
    """MACs and ACs per image; zeros are skipped."""
    operations = summary["operations"]
    return float(operations["effective_macs"] + operations["effective_acs"])


def confusion_figure(
    counts: NDArray[np.int64], title: str, classes: tuple[str, ...] = MNIST.classes
) -> Figure:
    """True class by answer; shaded by the share of its class, errors on a scale of their own.

    The diagonal would drown the errors on one scale: it is shaded apart, in grey.
    """
    room = 0.4 * len(counts)  # inches, for the counts to be readable
    figure = new_figure(room + 2.4, room + 1.6)
    axes = figure.add_subplot()
    share = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    right = np.eye(len(counts), dtype=bool)
    errors = np.where(right, np.nan, share)
    image = axes.imshow(errors, cmap="YlOrRd", vmin=0, vmax=max(1.0, float(np.nanmax(errors))))
    axes.imshow(np.where(right, share, np.nan), cmap="Greys", vmin=0, vmax=220)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark = row != column and errors[row, column] > 0.6 * float(np.nanmax(errors))
            axes.text(
                column, row, str(count), ha="center", va="center",
                fontsize=10, color="white" if dark else "black",
            )  # fmt: skip
    axes.set(
        xlabel="Answer of the network", ylabel="True class", title=title,
        xticks=range(len(classes)), yticks=range(len(classes)),
        xticklabels=classes, yticklabels=classes,
    )  # fmt: skip
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label="Errors (% of the true class's images)", shrink=0.85)
    return figure


def analysis_figure(record: RunRecord) -> Figure:
    """Accuracy, activity, energy and, for rules that have one, the loss over the epochs."""
    has_loss = any(row.get("train_loss") is not None for row in record.rows)
    if has_loss:
        figure = new_figure(10, 7.2)
        accuracy, loss, activity, energy = figure.subplots(2, 2).flat
        for part, colour, marker in PARTS:
            _line(loss, record, f"{part}_loss", part, colour, marker)
        loss.set(ylabel="Cross-entropy (nats)", title="Loss", yscale="log")
        panels = [accuracy, loss, activity, energy]
    else:
        figure = new_figure(12, 4)
        accuracy, activity, energy = panels = list(figure.subplots(1, 3).flat)
    _draw_accuracy(accuracy, record)
    spiking = record.summary["spiking"]
    label = "spikes per neuron and step" if spiking else "active hidden ReLUs"
    _line(activity, record, "spike_rate", "measured", COLOURS[0], MARKERS[0], scale=100)
    if not spiking:
        _line(
            activity, record, "assumed_spike_rate", "assumed, original", COLOURS[1], "", scale=100
        )
    activity.set(ylabel=f"{label[0].upper()}{label[1:]} (%)", title="Activity")
    activity.set_ylim(0, 1.25 * activity.dataLim.ymax)
    energies = np.cumsum([row["energy_estimate_j"] or 0 for row in record.rows]) / 1000
    epochs = [row["epoch"] for row in record.rows]
    energy.plot(epochs, energies, color=COLOURS[0], marker=MARKERS[0], markersize=4)
    tdp = record.summary["config"]["tdp"]
    energy.set(
        ylabel="Energy so far (kJ)", title=f"Energy, estimated: TDP {tdp:g} W x time",
        ylim=(0, None),
    )  # fmt: skip
    for axes in panels:
        if axes is not accuracy or not _learning_curve(record):
            axes.set_xlabel("Epoch")
            if len(epochs) == 1:
                axes.set_xlim((epochs[0] or 0) - 1, (epochs[0] or 0) + 1)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if axes.get_legend_handles_labels()[0] and axes is not energy:
            axes.legend()
    figure.suptitle(headline(record), fontsize=14)
    return figure


def _learning_curve(record: RunRecord) -> list[tuple[float, float]]:
    """Images so far and accuracy (%), where the network reports them while it learns."""
    points = record.summary.get("learning")
    if not isinstance(points, list) or len(points) < 2:
        return []
    return [(float(images), 100 * float(right)) for images, right in points]


def _draw_accuracy(axes: Axes, record: RunRecord) -> None:
    """Accuracy over the images, for a network that reports it so; else over the epochs."""
    curve = _learning_curve(record)
    at: float = int(record.summary["epochs"]["chosen"])
    validation = record.summary["accuracy"]["validation"]
    if curve:
        images, right = zip(*curve, strict=True)
        at = images[-1]
        axes.plot(images, right, color=COLOURS[0], label="while learning")
        if validation is not None:
            axes.plot(at, 100 * validation, "s", color=COLOURS[1], label="validation")
        axes.set_xlabel("Training images")
    else:
        for part, colour, marker in PARTS:
            _line(axes, record, f"{part}_accuracy", part, colour, marker, scale=100)
    test = 100 * record.summary["accuracy"]["test"]
    axes.plot(at, test, "*", color=COLOURS[2], markersize=14, label="test", zorder=3)
    axes.set(ylabel="Accuracy (%)", title="Accuracy")


def curves_figure(records: Sequence[RunRecord], *, over_time: bool) -> Figure:
    """Validation accuracy of all runs, over epochs or over training time."""
    figure = new_figure(5, 4.2)
    axes = figure.add_subplot()
    groups = group(records)
    look = looks(groups)
    for name, record in [(name, run) for name, runs in groups.items() for run in runs]:
        rows = [row for row in record.rows if row.get("validation_accuracy") is not None]
        seconds = [float(s) for s in np.cumsum([row["seconds"] or 0 for row in rows])]
        epochs = [float(row["epoch"] or 0) for row in rows]
        axes.plot(
            seconds if over_time else epochs,
            [100 * (row["validation_accuracy"] or 0) for row in rows],
            color=look[name].colour,
            marker=look[name].marker,
            markersize=5,
            label=look[name].label if groups[name][0] is record else None,
        )
    axes.set(ylabel="Validation accuracy (%)")
    if over_time:
        axes.set(xlabel="Training time (s)", xscale="log")
        axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set(xlabel="Epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_above(figure)
    return figure


def plane_figure(records: Sequence[RunRecord]) -> Figure:
    """Test accuracy against operations per image; the best networks are at the top left."""
    figure = new_figure(7.5, 4.4)
    axes = figure.add_subplot()
    groups = group(records)
    for (name, members), look in zip(groups.items(), looks(groups).values(), strict=True):
        runs = [record.summary for record in members]
        operations = [effective_operations(summary) / 1e6 for summary in runs]
        accuracy = [100 * summary["accuracy"]["test"] for summary in runs]
        kind = "additions" if runs[0]["spiking"] else "multiply-accumulates"
        axes.plot(
            operations,
            accuracy,
            look.marker,
            color=look.colour,
            markersize=10 if look.label == name else 6,
            label=look.label and f"{look.label}: {kind}",
        )
    axes.set(
        xlabel="Effective operations per image (millions)",
        ylabel="Test accuracy (%)",
        xscale="log",
    )
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.15, y=0.2)
    axes.grid(visible=True, which="both", axis="x")
    legend_above(figure)
    return figure


def energy_plane_figure(records: Sequence[RunRecord], table: EnergyTable) -> Figure:
    """Test accuracy, with its 95 % interval, against the estimated energy per image."""
    figure = new_figure(5.4, 4.4)
    axes = figure.add_subplot()
    groups = group(records)
    for (name, members), look in zip(groups.items(), looks(groups).values(), strict=True):
        low, high = accuracy_interval(members)
        accuracy = float(np.mean([record.summary["accuracy"]["test"] for record in members]))
        bars = 100 * np.array([[max(0, accuracy - low)], [max(0, high - accuracy)]])
        energy = cost(name, members, table).energy
        axes.errorbar(
            energy.total / 1e6, 100 * accuracy, bars, fmt=look.marker, color=look.colour,
            markersize=9 if look.label == name else 6, capsize=3, label=look.label,
        )  # fmt: skip
    axes.set(xlabel="Energy per image (µJ), estimated", ylabel="Test accuracy (%)", xscale="log")
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.15, y=0.15)
    legend_above(figure)
    return figure


def svg(draw: Callable[[], Figure], name: str, description: str) -> str:
    """The figure as an SVG element, to stand in a page.

    Black, white and the grid become the page's own colours (``--ink``, none, ``--line``), or those
    of the text around it.

    Args:
        draw: makes the figure.
        name: prefix of the ids of its elements, unique on the page.
        description: what it shows, for screen readers.
    """
    buffer = io.StringIO()
    with figure_style():
        draw().savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(
        r' id="(figure|axes|patch|line2d|text|\w*tick|matplotlib|legend)[\w.]*"', "", text
    )
    text = re.sub(r'( id="|#)(?=[mp][0-9a-f]{10}\b)', rf"\1{name}-", text)
    text = re.sub(r"font-family: [^;\"]*", "font-family: DejaVu Sans, Verdana, sans-serif", text)
    for colour, ours in (("#000000", "var(--ink, currentColor)"),
                         ("#dddddd", "var(--line, #88888855)"), ("#ffffff", "none")):  # fmt: skip
        text = text.replace(f": {colour}", f": {ours}")
    root = f'<svg role="img" aria-label="{escape(description)}" fill="currentColor" '
    return text.replace("<svg ", root, 1)


def _line(
    axes: Axes, record: RunRecord, key: str, label: str, colour: str, marker: str, scale: float = 1
) -> None:
    rows = [row for row in record.rows if row.get(key) is not None]
    if rows:
        axes.plot(
            [row["epoch"] or 0 for row in rows], [scale * (row[key] or 0) for row in rows],
            color=colour, marker=marker, markersize=4, label=label,
        )  # fmt: skip
