"""Figures of an evaluation: wrong answers, and what the neurons stand for."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spikeoff.plotting import COLOURS, new_figure

N_ERRORS = 40
COLUMNS = 8


def errors_figure(
    pixels: NDArray[np.uint8], labels: NDArray[np.uint8], answers: NDArray[np.int64]
) -> Figure:
    """Images [n, height, width(, channels)] answered wrongly, spread over all: true -> given."""
    wrong = np.flatnonzero(labels != answers)
    shown = wrong[np.linspace(0, len(wrong) - 1, min(N_ERRORS, len(wrong))).astype(int)]
    rows = max(1, -(-len(shown) // COLUMNS))
    figure = new_figure(COLUMNS * 1.05, rows * 1.3 + 0.7)
    figure.suptitle(f"{len(wrong):,} of {len(labels):,} misclassified: true → predicted")
    for place, axes in enumerate(figure.subplots(rows, COLUMNS, squeeze=False).flat):
        axes.set_axis_off()
        if place < len(shown):
            number = shown[place]
            axes.imshow(pixels[number], cmap="Greys", vmin=0, vmax=255)
            axes.set_title(f"{labels[number]} → {answers[number]}", fontsize=11)
    return figure


def assignments_figure(assigned: NDArray[np.int64], means: NDArray[np.float64]) -> Figure:
    """How many neurons stand for each digit, and how clearly each does.

    Args:
        assigned: [neurons] digits, -1 for none.
        means: [10, neurons] mean responses.
    """
    figure = new_figure(10, 4.2)
    bars, spread = figure.subplots(1, 2)
    counts = [int((assigned == digit).sum()) for digit in range(len(means))]
    silent = int((assigned < 0).sum())
    names = [*map(str, range(len(means))), "none"]
    drawn = bars.bar(names, [*counts, silent], color=[COLOURS[0]] * len(means) + ["#999999"])
    bars.bar_label(drawn, fontsize=10)
    bars.set(xlabel="Digit", ylabel="Neurons", title="Neurons by assigned digit")
    bars.grid(visible=False)
    order = np.lexsort((-means.max(axis=0), np.where(assigned < 0, len(means), assigned)))
    share = means[:, order] / np.maximum(means[:, order].sum(axis=0), 1e-12)
    image = spread.imshow(share, aspect="auto", cmap=_white_to_blue(), vmin=0, vmax=1)
    spread.set(
        xlabel="Neuron, by digit and response", ylabel="Digit shown", yticks=range(len(means)),
        title="Response of each neuron by digit",
    )  # fmt: skip
    spread.grid(visible=False)
    figure.colorbar(image, ax=spread, label="Share of the neuron's response")
    return figure


def _white_to_blue() -> ListedColormap:
    blue = np.array([int(COLOURS[0][k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return ListedColormap(1 - np.linspace(0, 1, 256)[:, None] * (1 - blue))
