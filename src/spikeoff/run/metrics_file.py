"""A run's metrics: a CSV file with one row per epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from spikeoff.errors import UserError, one_line
from spikeoff.files import write_text
from spikeoff.run.json_files import read_bounded

Row = dict[str, float | None]


def write_metrics(path: Path, rows: Sequence[Row]) -> None:
    """Write all rows so far; a column for every key that any row has."""
    text = io.StringIO()
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: "" if value is None else f"{value:.8g}" for key, value in row.items()} for row in rows
    )
    write_text(path, text.getvalue())


def read_metrics(path: Path) -> list[Row]:
    """The rows of a run's metrics file.

    Raises:
        UserError: it is missing, damaged, or larger than any such file.
    """
    try:
        text = io.StringIO(read_bounded(path).decode("utf-8"), newline="")
        rows: list[Row] = [
            {key: float(value) if value else None for key, value in row.items()}
            for row in csv.DictReader(text)
        ]
        if any(row.get("epoch") is None for row in rows):
            raise ValueError("a row without its epoch")
        return rows
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read ({one_line(error)}); run it again") from error
