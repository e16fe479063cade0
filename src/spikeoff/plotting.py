"""How figures look: colours that all eyes tell apart, and sizes that survive print."""

from __future__ import annotations

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


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches; free of pyplot's global state."""
    return Figure(figsize=(width, height), layout="constrained")


def figure_style() -> AbstractContextManager[None]:
    """The block within which figures are drawn and saved."""
    style: AbstractContextManager[None] = mpl.rc_context(RC)
    return style


def save_figure(draw: Callable[[], Figure], path: Path) -> None:
    """Draw a figure and write it, whole or not at all."""
    with figure_style(), whole_file(path) as temporary:
        draw().savefig(temporary)
