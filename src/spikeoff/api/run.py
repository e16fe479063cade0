"""A finished run, its record and its network."""

from __future__ import annotations

import os
import shutil
from functools import cached_property, partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from spikeoff.api.answering import Answering
from spikeoff.api.folders import Place
from spikeoff.contenders.hardware import settings_restored
from spikeoff.errors import UserError, one_line
from spikeoff.plotting import figure_style
from spikeoff.report.figures import analysis_figure, confusion_figure, headline, svg
from spikeoff.report.race_table import conditions, standings
from spikeoff.run.metrics_file import Row
from spikeoff.run.run_record import RunRecord, read_run
from spikeoff.run.trained import load_network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spikeoff.contenders.base import Contender
    from spikeoff.data.spec import ImageSpec

LEDGER = ("time", "spikes", "operations", "sparsity", "memory", "energy")
"""Keys of the summary that say what a run cost."""


class Run(Answering):
    """A finished run. ``train`` and ``load_run`` make it."""

    def __init__(self, record: RunRecord, place: Place) -> None:
        self.run_record, self._place = record, place

    @property
    def folder(self) -> Path:
        """Where its files are. A temporary folder goes with this object; ``save`` copies it."""
        return self.run_record.folder

    @property
    def contender(self) -> str:
        """Which network ran; with ``@engine`` where that is not the native one."""
        return self.run_record.label

    @property
    def accuracy(self) -> float:
        """Fraction of the test images that were classified correctly."""
        return float(self.summary["accuracy"]["test"])

    @property
    def summary(self) -> dict[str, Any]:
        """The whole record, as in ``summary.json``."""
        return self.run_record.summary

    @property
    def history(self) -> list[Row]:
        """One row per epoch: losses, accuracies, activity, seconds, as in the metrics file."""
        return self.run_record.rows

    @property
    def ledger(self) -> dict[str, Any]:
        """What the run cost: time, spikes, operations, sparsity, memory, energy.

        Operations are per inference, energies have units and provenance; ``docs/ledger.md``
        explains each.
        """
        return {key: self.summary[key] for key in LEDGER if key in self.summary}

    @property
    def confusion(self) -> NDArray[np.int64]:
        """[classes, classes] test images by true class (row) and answer (column)."""
        return self.run_record.confusion()

    @property
    def _spec(self) -> ImageSpec:
        return self.run_record.spec

    @cached_property
    def network(self) -> Contender:  # type: ignore[override]
        """The trained network, on the CPU and on our engine.

        Raises:
            UserError: a file of the run is missing or damaged.
        """
        with settings_restored():
            return load_network(self.run_record)

    def figure(self, kind: Literal["training", "confusion"] = "training") -> Figure:
        """A figure of Matplotlib, which a notebook shows; pyplot is not involved.

        Args:
            kind: training (accuracy, loss, activity, energy over the epochs), or confusion (true
                class by answer).

        Raises:
            UserError: there is no such figure.
        """
        record = self.run_record
        draw = {
            "training": partial(analysis_figure, record),
            "confusion": partial(
                confusion_figure, record.confusion(), headline(record), self.classes
            ),
        }
        if kind not in draw:
            raise UserError(f"`kind` (={kind}) must be {' or '.join(draw)}")
        with figure_style():
            return draw[kind]()

    def save(self, folder: str | os.PathLike[str]) -> Run:
        """Copy the run's files into a new folder; the run there.

        Raises:
            UserError: the folder exists, or cannot be written.
        """
        target = Path(folder).expanduser()
        if target.exists():
            raise UserError(f"{target}: exists already; name another folder")
        try:
            shutil.copytree(self.folder, target, ignore=shutil.ignore_patterns("*.lock"))
        except OSError as error:
            raise UserError(f"{target}: cannot be written: {one_line(error)}") from error
        return Run(read_run(target), Place(target))

    def __repr__(self) -> str:
        return f"<Run of {headline(self.run_record)}>"

    def _repr_html_(self) -> str:
        cells = standings([self.run_record])[0].cells
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{escape(value)}</td></tr>"
            for name, value in cells.items()
        )
        chart = svg(
            partial(analysis_figure, self.run_record), "training",
            "Accuracy, loss, activity and energy over the epochs",
        )  # fmt: skip
        return f"<table>{rows}</table><p>{escape(conditions([self.run_record]))}</p>{chart}"
