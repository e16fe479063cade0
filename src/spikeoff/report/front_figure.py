"""The fronts as a figure: accuracy against energy per image, one line per family."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, NullFormatter

from spikeoff.plotting import colour_and_marker, legend_above, new_figure
from spikeoff.report.equal_accuracy import EqualAccuracy

MICROJOULES = 1e6
"""Picojoules in one."""


def front_figure(found: EqualAccuracy) -> Figure:
    """Mean test accuracy with its 95 % interval; the line of a family is its front.

    Networks beside the front are pale. Lines of spiking families are solid, those of conventional
    families dashed.
    """
    figure = new_figure(6.6, 4.4)
    axes = figure.add_subplot()
    scale, unit = (MICROJOULES, "µJ") if found.unit == "pJ" else (1.0, found.unit)
    for place, family in enumerate(dict.fromkeys(point.family for point in found.points)):
        members = [point for point in found.points if point.family == family]
        colour, marker = colour_and_marker(place)
        for point in members:
            bars = [
                [100 * max(0.0, point.accuracy - point.interval[0])],
                [100 * max(0.0, point.interval[1] - point.accuracy)],
            ]
            axes.errorbar(
                point.cost / scale, 100 * point.accuracy, bars, fmt=marker, color=colour,
                markersize=6, capsize=2, elinewidth=1, alpha=1 if point.on_front else 0.35,
            )  # fmt: skip
        line = sorted((p.cost / scale, 100 * p.accuracy) for p in members if p.on_front)
        axes.plot(
            *zip(*line, strict=True), color=colour, marker=marker, markersize=6, label=family,
            linestyle="-" if members[0].spiking else "--",
        )  # fmt: skip
    axes.set(xlabel=f"Energy per image ({unit}), estimated", ylabel="Test accuracy (%)",
             xscale="log")  # fmt: skip
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.08, y=0.08)
    legend_above(figure)
    return figure
