"""Several runs side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spikeoff.api.folders import Place
from spikeoff.api.run import Run
from spikeoff.errors import UserError
from spikeoff.files import write_text
from spikeoff.ledger.operation_energy import load_table
from spikeoff.plotting import figure_style
from spikeoff.report.answer import answer
from spikeoff.report.equal_accuracy import equal_accuracy
from spikeoff.report.figures import curves_figure, energy_plane_figure, plane_figure, svg
from spikeoff.report.front_figure import front_figure
from spikeoff.report.groups import check_one_race, group
from spikeoff.report.model_ratios import model_ratios
from spikeoff.report.page import render
from spikeoff.report.race_table import CSV_COLUMNS, conditions, standings
from spikeoff.report.verdict import say, verdicts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spikeoff.run.run_record import RunRecord


class Comparison:
    """Runs on the same images, compared. ``compare`` makes it, or ``Comparison(runs)``."""

    def __init__(
        self,
        runs: Sequence[Run],
        *,
        failures: Sequence[str] = (),
        energy_table: str | os.PathLike[str] | None = None,
        place: Place | None = None,
    ) -> None:
        """Compare finished runs.

        Args:
            runs: at least one.
            failures: of other runs, a line each.
            energy_table: TOML file with what operations cost; 45 nm CMOS by default.
            place: their common folder.

        Raises:
            UserError: there is no run, the runs are of different images, or the table is wrong.
        """
        if not runs:
            raise UserError("`runs` is empty; give at least one run")
        check_one_race([run.run_record for run in runs])
        self.runs = sorted(runs, key=lambda run: (run.contender, run.run_record.seed))
        self.failures, self._place = list(failures), place
        self._energy_table = load_table(None if energy_table is None else Path(energy_table))

    @property
    def folder(self) -> Path | None:
        """The folder of all runs, if they have one; a temporary one goes with this object."""
        return None if self._place is None else self._place.path

    @property
    def table(self) -> list[dict[str, str]]:
        """A row per contender as the page shows it, means over seeds, the most accurate first."""
        return [row.cells for row in standings(self._records)]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row of unrounded numbers per run, for ``pandas.DataFrame(comparison.rows)``."""
        return [
            {name: read(record.summary) for name, read in CSV_COLUMNS.items()}
            for record in self._records
        ]

    @property
    def answer(self) -> str:
        """Whether spikes save energy here, in a sentence."""
        groups, table = group(self._records), self._energy_table
        pairs, found = model_ratios(groups, table), verdicts(groups, table)
        equal = equal_accuracy(self._records, table)
        return answer(standings(self._records), pairs, found, groups, equal).headline

    @property
    def verdicts(self) -> list[str]:
        """What each spiking contender needs beside its conventional twin, a sentence each."""
        table = self._energy_table
        return [say(one, table) for one in verdicts(group(self._records), table)]

    @property
    def energy_models(self) -> list[dict[str, Any]]:
        """A row per spiking contender, twin and energy model: what the two need per image.

        ``zeros_skipped`` and ``all_computed`` are the energy of the spiking network over that of a
        twin that skips inputs of 0, and of one that computes every product; None where the model
        does not apply, for the reason ``unavailable``. ``energies`` are of the three, in ``unit``.
        ``weights`` are billed as stored, or as dense matrices. ``docs/energy-models.md`` describes
        the models; those with ``counted`` false are variants.
        """
        return [
            {
                "spiking": pair.pairing.spiking, "twin": pair.pairing.twin,
                "weights": pair.billing, "model": one.model, "assumption": one.assumption,
                "counted": one.counted, "zeros_skipped": one.skipping, "all_computed": one.dense,
                "energies": one.energies, "unit": one.unit, "unavailable": one.why or None,
            }
            for pair in model_ratios(group(self._records), self._energy_table)
            for one in pair.ratios
        ]  # fmt: skip

    @property
    def equal_accuracy(self) -> list[dict[str, Any]]:
        """A row per spiking network: what it needs beside a conventional one of its accuracy.

        ``ratio`` is its energy over that of the cheapest conventional network of the same
        ``accuracy``, interpolated on the front of all sizes, with its 95 % ``interval``; None where
        no conventional network is as accurate (``place`` beyond). Below the front (``place``
        below), it is over the cheapest network, which is more accurate. ``saving`` of ``decided``
        energy models say that it saves energy. ``on_front``: no cheaper network of its contender is
        as accurate. Empty where no conventional contender has three sizes: ``docs/front.md``.
        """
        found = equal_accuracy(self._records, self._energy_table)
        if found is None:
            return []
        return [
            {
                "network": one.point.name, "contender": one.point.family,
                "accuracy": one.point.accuracy, "energy": one.point.cost, "unit": found.unit,
                "on_front": one.point.on_front, "place": one.place, "ratio": one.ratio,
                "interval": one.interval, "conventional": one.between, "saving": one.saving,
                "decided": one.decided,
            }
            for one in found.comparisons
        ]  # fmt: skip

    def figure(
        self, kind: Literal["operations", "energy", "learning", "front"] = "operations"
    ) -> Figure:
        """A figure of Matplotlib, which a notebook shows; pyplot is not involved.

        Args:
            kind: operations or energy (test accuracy against operations, or estimated energy, per
                image), learning (validation accuracy over epochs), or front (accuracy against
                energy, with the front of each contender).

        Raises:
            UserError: there is no such figure, or no front.
        """
        draw: dict[str, Callable[[], Figure]] = {
            "operations": partial(plane_figure, self._records),
            "energy": partial(energy_plane_figure, self._records, self._energy_table),
            "learning": partial(curves_figure, self._records, over_time=False),
            "front": self._front_figure,
        }
        if kind not in draw:
            raise UserError(f"`kind` (={kind}) must be {', '.join(draw)}")
        with figure_style():
            return draw[kind]()

    def _front_figure(self) -> Figure:
        found = equal_accuracy(self._records, self._energy_table)
        if found is None:
            raise UserError(
                "there is no front: it needs three sizes of a conventional contender; run "
                "spikeoff front, or compare more sizes"
            )
        return front_figure(found)

    def save_page(self, path: str | os.PathLike[str]) -> Path:
        """Write the comparison page: one HTML file that needs nothing else.

        Raises:
            UserError: a file of a run is damaged, or the page cannot be written.
        """
        page = Path(path).expanduser()
        write_text(page, render(self._records, self._energy_table))
        return page

    def __repr__(self) -> str:
        names = ", ".join(group(self._records))
        return f"<Comparison of {len(self.runs)} runs: {names}>"

    def _repr_html_(self) -> str:
        rows = self.table
        head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row.values()) + "</tr>"
            for row in rows
        )
        failed = "".join(f"<p>failed: {escape(line)}</p>" for line in self.failures)
        chart = svg(
            partial(plane_figure, self._records), "plane",
            "Test accuracy against operations per image",
        )  # fmt: skip
        return (
            f"<p>{escape(self.answer)}</p><table><tr>{head}</tr>{body}</table>{failed}"
            f"<p>{escape(conditions(self._records))}</p>{chart}"
        )

    @property
    def _records(self) -> list[RunRecord]:
        return [run.run_record for run in self.runs]
