"""What the network looks like: its receptive fields and its accuracy while it learns."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.network import Floats
from spikeoff.data import MNIST, ImageSpec
from spikeoff.files import whole_file

GAP = 1
"""Pixels between two receptive fields."""


def field_grid(weights: Floats, spec: ImageSpec = MNIST) -> NDArray[np.float64]:
    """Receptive fields [n, pixels] side by side in a near-square grid; gaps are NaN."""
    n, height, width = len(weights), spec.height, spec.width
    columns = math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    grid = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), np.nan)
    for number, field in enumerate(weights.reshape(n, height, width, -1).mean(axis=3)):
        row, column = number // columns * (height + GAP), number % columns * (width + GAP)
        grid[row : row + height, column : column + width] = field
    return grid


def save_fields(weights: Floats, path: Path, spec: ImageSpec = MNIST) -> None:
    """Write the receptive fields as an image, without axes: a pixel a weight, two at small sizes.

    Drawing is kept cheap, as it happens while the network learns.
    """
    from matplotlib import colormaps  # noqa: PLC0415 (only runs draw)
    from matplotlib.image import imsave  # noqa: PLC0415

    grid = field_grid(weights, spec)
    bright = np.nan_to_num(grid / max(float(np.nanmax(grid)), 1e-12))
    coloured = colormaps["magma"](bright, bytes=True)[..., :3]
    coloured[np.isnan(grid)] = 255
    scale = 2 if max(grid.shape) < 1000 else 1
    coloured = coloured.repeat(scale, axis=0).repeat(scale, axis=1)
    with whole_file(path) as temporary:
        imsave(temporary, coloured, pil_kwargs={"compress_level": 1})


def save_accuracy(accuracies: list[tuple[int, float]], path: Path) -> None:
    """Write a figure of the accuracy over the images seen: (images, fraction) each."""
    from spikeoff.plotting import COLOURS, new_figure, save_figure  # noqa: PLC0415

    def draw() -> object:
        figure = new_figure(6.4, 4.2)
        axes = figure.add_subplot()
        seen, fractions = zip(*accuracies, strict=True)
        thousands = [number / 1000 for number in seen]
        axes.plot(thousands, [100 * f for f in fractions], "o-", color=COLOURS[0], markersize=4)
        axes.set(
            xlabel="Training images seen (thousands)", ylabel="Accuracy (%)",
            title="Accuracy on training images, labels from the images before",
        )  # fmt: skip
        axes.margins(y=0.2)
        return figure

    save_figure(draw, path)  # type: ignore[arg-type]
