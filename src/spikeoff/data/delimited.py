"""Tables of text, one image per row: CSV with commas, semicolons or tabs, plain or gzip.

The label is the first or the last column. A header that names it (label, class, target, y) decides;
without one, the other column must be a pixel that never changes, as a corner of a picture is, or
must be no label. Pixels are 0..255 or 0.0..1.0, row by row of square images.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import Dataset, make_dataset
from spikeoff.data.parts import LABEL_WORDS, Pair, Part, joined, read_parts
from spikeoff.data.spec import MAX_CLASSES
from spikeoff.errors import UserError, one_line
from spikeoff.files import read_bytes

TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
"""Endings of names."""

SNIFFED = 1 << 16
"""Characters from which the separator is told."""


def load(path: Path, name: str) -> Dataset:
    """The data set in a table of text, or in a training and a test table beside each other.

    Raises:
        UserError: a cell is no number, rows differ in length, or the label cannot be told.
    """
    train, test, notes = joined(read_parts(path, TABLES, _read), path)
    return make_dataset(name, train, test, path, notes=("a table of text", *notes))


def _read(path: Path) -> dict[Part, Pair]:
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: no text in UTF-8 ({one_line(error)}); save it as that") from error
    separator = max(",;\t", key=text[:SNIFFED].count)
    rows = csv.reader(io.StringIO(text[:SNIFFED]), delimiter=separator)
    try:
        first = next(rows, [])
    except csv.Error as error:
        raise UserError(f"{path}: no table ({one_line(error)}); write it again") from error
    if len(first) < 3:
        raise UserError(
            f"{path}: the first row has {len(first)} columns; a label and the pixels of an image "
            "are needed, separated by commas, semicolons or tabs"
        )
    last = len(first) - 1
    header = not any(_is_number(cell) for cell in first[1:last])
    table = _Table(text, separator, int(header), path)
    column = _label_column(table, first if header else [], last)
    pixels = table.numbers(range(1, last + 1) if column == 0 else range(last))
    return {"all": (pixels, table.words(column))}


class _Table:
    """The cells of a table, read by columns."""

    def __init__(self, text: str, separator: str, skipped: int, path: Path) -> None:
        self._text, self._separator, self._skipped, self.path = text, separator, skipped, path

    def numbers(self, columns: range) -> NDArray[np.float32]:
        """[rows, columns] the cells of these columns as numbers."""
        numbers: NDArray[np.float32] = self._load(columns, np.float32)
        return numbers

    def words(self, column: int) -> NDArray[np.str_]:
        """[rows] the cells of a column as text."""
        return np.char.strip(self._load(range(column, column + 1), np.str_)[:, 0])

    def _load(self, columns: range, kind: type[np.generic]) -> NDArray[Any]:
        try:
            return np.loadtxt(
                io.StringIO(self._text), kind, comments=None, delimiter=self._separator,
                skiprows=self._skipped, usecols=columns, ndmin=2, quotechar='"',
            )  # fmt: skip
        except ValueError as error:
            raise UserError(
                f"{self.path}: {one_line(error)}; a row is a label and the pixels of an image, "
                "numbers all"
            ) from error


def _label_column(table: _Table, header: list[str], last: int) -> int:
    """The place of the label: 0 or ``last``."""
    named = [k for k, name in enumerate(header) if name.strip().lower() in LABEL_WORDS]
    if named and named[0] in (0, last):
        return named[0]
    if named:
        raise UserError(
            f"{table.path}: the label {header[named[0]]!r} is column {named[0] + 1} of {last + 1}; "
            "make it the first or the last"
        )
    ends = {column: set(table.words(column)) for column in (0, last)}
    fitting = [column for column, words in ends.items() if _may_be_labels(words)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise UserError(
            f"{table.path}: {last + 1} columns and no label in the first or the last; a file "
            "without labels cannot be learned from or tested on"
        )
    raise UserError(
        f"{table.path}: both the first and the last column may be the label; add a header that "
        "calls it label"
    )


def _may_be_labels(words: set[str]) -> bool:
    """Whether a column's different cells may be the names of classes."""
    if not 2 <= len(words) <= MAX_CLASSES:
        return False
    numbers = [float(word) for word in words if _is_number(word)]
    return all(0 <= number < MAX_CLASSES and number.is_integer() for number in numbers)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
