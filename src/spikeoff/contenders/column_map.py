"""Where columns of neurons stand on an image, and which pixels each sees.

A column's neurons follow one another, columns follow one another from left to right, bands (rows
of columns) from top to bottom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.field_checks import require
from spikeoff.data import MNIST

MARGIN = 1.5
"""Pixels by which the fields at the border reach beyond it: MNIST keeps its border empty."""

MAX_FIELD = 256
MAX_COLUMNS = 8
"""Maximum number of columns per side, if the number is chosen automatically."""

Span = tuple[int, int]


def check_columns(n_neurons: int, columns: int | None, field: int) -> None:
    """Refuse a map that such a layer cannot have.

    Raises:
        UserError: the columns do not divide the neurons, or the field is too small or too large.
    """
    holds = columns is None or (
        1 <= columns <= MAX_FIELD and n_neurons % columns**2 == 0 and n_neurons >= 2 * columns**2
    )
    require("columns", columns, holds,
            f"from 1 to {MAX_FIELD}, and its square must leave 2 or more neurons of "
            f"the {n_neurons} to each column, none over")  # fmt: skip
    require("field", field, 2 <= field <= MAX_FIELD, f"from 2 to {MAX_FIELD} pixels")


def columns_per_side(n_neurons: int, columns: int | None) -> int:
    """``columns``, or the largest number up to 8 that leaves two or more neurons per column."""
    if columns is not None:
        return columns
    fit = (s for s in range(MAX_COLUMNS, 1, -1) if n_neurons % s**2 == 0)
    return next((s for s in fit if n_neurons >= 2 * s**2), 1)


@dataclass(frozen=True)
class ColumnMap:
    """A square map of columns.

    side: columns a side.
    size: neurons a column.
    field: pixels a side of what a column sees, before the image's border cuts it; all channels
        of a pixel are seen together.
    shape: of an image, (height, width) or (height, width, channels).
    """

    side: int
    size: int
    field: int
    shape: tuple[int, ...] = MNIST.shape

    @property
    def n_pixels(self) -> int:
        """Numbers per image."""
        return math.prod(self.shape)

    def spans(self, length: int) -> list[Span]:
        """The pixels [first, stop) that columns see along a side of ``length`` pixels."""
        field = min(self.field, length)
        edge = field / 2 - MARGIN
        middle = (length - 1) / 2
        places = np.linspace(edge, length - 1 - edge, self.side) if self.side > 1 else [middle]
        pixels = np.arange(length)
        seen = [np.flatnonzero(abs(pixels - place) <= field / 2 - 0.25) for place in places]
        return [(int(inside[0]), int(inside[-1]) + 1) for inside in seen]

    def places(self) -> list[tuple[Span, Span]]:
        """The rows and the columns of the image that each column of neurons sees."""
        across = self.spans(self.shape[1])
        return [(rows, columns) for rows in self.spans(self.shape[0]) for columns in across]

    def fields(self) -> NDArray[np.int64]:
        """[columns, longest] the pixels that each column sees; -1 where it sees fewer."""
        grid = np.arange(self.n_pixels).reshape(self.shape)
        seen = [grid[slice(*rows), slice(*columns)].ravel() for rows, columns in self.places()]
        fields = np.full((len(seen), max(map(len, seen))), -1, np.int64)
        for row, pixels in zip(fields, seen, strict=True):
            row[: len(pixels)] = pixels
        return fields

    def seen(self) -> NDArray[np.int64]:
        """[bands, 2] the first pixel that each band sees, and the one after the last."""
        row = self.n_pixels // self.shape[0]
        return np.array([(row * top, row * bottom) for top, bottom in self.spans(self.shape[0])])

    def mask(self) -> NDArray[np.bool_]:
        """[pixels, neurons] whether there is a synapse."""
        synapses = np.zeros((self.n_pixels, self.side**2), bool)
        for column, pixels in enumerate(self.fields()):
            synapses[pixels[pixels >= 0], column] = True
        return synapses.repeat(self.size, axis=1)
