"""How figures look: colours that all eyes tell apart, and sizes that survive print."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from spikeoff.files import whole_file

# Okabe and Ito's palette, in an order of falling contrast to white.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]


def colour_and_marker(place: int) -> tuple[str, str]:
    """Those of the ``place``-th of several networks; no two of the first 49 have both in common."""
    turn = place // len(COLOURS)
    return COLOURS[place % len(COLOURS)], MARKERS[(place + turn) % len(MARKERS)]


NOTEBOOK_DPI = 100
"""Dots per inch of a figure in a notebook."""

LETTERS_PER_INCH, LINE_INCHES = 11, 0.22
"""Of a legend: letters in an inch, beside marks and gaps, and the height of a line."""

RC: dict[Any, Any] = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "savefig.dpi": 200,
    "svg.fonttype": "none",
    "svg.hashsalt": "spikeoff",
}


class ShownFigure(Figure):
    """A figure that a notebook shows, whether or not pyplot and its backend are in use."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        with figure_style():
            self.savefig(stream, format="png", dpi=NOTEBOOK_DPI)
        return stream.getvalue()


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches; free of pyplot's global state."""
    return ShownFigure(figsize=(width, height), layout="constrained")


def legend_above(figure: Figure, columns: int = 2) -> None:
    """Name what the figure shows above it: long names below one another, with room for all."""
    labels = [label for axes in figure.axes for label in axes.get_legend_handles_labels()[1]]
    width, height = figure.get_size_inches()
    room = int(width * LETTERS_PER_INCH / columns)
    columns = columns if max(map(len, labels), default=0) <= room else 1
    rows = math.ceil(len(labels) / columns)
    figure.set_size_inches(width, height + LINE_INCHES * max(0, rows - 3))
    figure.legend(loc="outside upper center", ncols=columns)


def figure_style() -> AbstractContextManager[None]:
    """The block within which figures are drawn and saved."""
    style: AbstractContextManager[None] = mpl.rc_context(RC)
    return style


def save_figure(draw: Callable[[], Figure], path: Path) -> None:
    """Draw a figure and write it, whole or not at all."""
    with figure_style(), whole_file(path) as temporary:
        draw().savefig(temporary)
