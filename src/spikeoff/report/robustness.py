"""Robustness: accuracy under corruption, and the mean corruption error.

For a contender f and a corruption c, with E the error at severity s,

    CE(f, c) = sum over s of E(f, c, s) / sum over s of E(baseline, c, s)

and mCE(f) is the mean of CE over the corruptions of images. The baseline is ``mlp``: its mCE is
100 % by definition, and a lower one is better. The mean error, over the same corruptions and
severities, needs no baseline.

Source: D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to common
corruptions and perturbations", ICLR (2019), section 3 (there the baseline is AlexNet).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from rich.table import Table

from spikeoff.plotting import colour_and_marker, new_figure
from spikeoff.report.figures import svg
from spikeoff.report.groups import group, ranked
from spikeoff.run.robustness_file import Condition, Robustness, read_robustness
from spikeoff.run.run_record import RunRecord

BASELINE = "mlp"
MISSING = "not available"

Key = tuple[str, str, int]
"""Kind, name and severity of a condition."""


@dataclass(frozen=True)
class Contestant:
    """A contender under corruption, mean over its seeds.

    place: of the contender among all of the comparison, which decides its colour.
    seeds: runs that were measured.
    clean: accuracy without corruption.
    accuracy: under each condition.
    """

    name: str
    place: int
    seeds: int
    clean: float
    accuracy: Mapping[Key, float]


@dataclass(frozen=True)
class RobustnessSummary:
    """All contenders that were measured alike.

    conditions: by key, for their amounts and units.
    baseline: name of the contender whose error is 100 %; None where it was not measured.
    left_out: runs without a result that could stand beside the others, in words; empty if none.
    """

    contestants: tuple[Contestant, ...]
    conditions: Mapping[Key, Condition]
    n_images: int
    noise_seed: int
    baseline: str | None
    left_out: str

    def names(self, kind: str) -> list[str]:
        """Corruptions of a kind."""
        return list(dict.fromkeys(name for held, name, _ in self.conditions if held == kind))

    def errors(self, one: Contestant, kind: str, name: str) -> list[float]:
        """Error at each severity; empty where it is not available."""
        return [1 - a for (k, n, _), a in one.accuracy.items() if (k, n) == (kind, name)]

    def mean_error(self, one: Contestant) -> float:
        """Mean over the corruptions of images and their severities."""
        return float(np.mean([self.errors(one, "image", name) for name in self.names("image")]))

    def mean_corruption_error(self, one: Contestant) -> float | None:
        """The mCE as a fraction; None without a baseline, or where that makes no error at all."""
        base = next((held for held in self.contestants if held.name == self.baseline), None)
        if base is None:
            return None
        totals = [
            (sum(self.errors(one, "image", name)), sum(self.errors(base, "image", name)))
            for name in self.names("image")
        ]
        return mean_ratio(totals)


def mean_ratio(totals: Sequence[tuple[float, float]]) -> float | None:
    """Mean of error / baseline error; None where a baseline has no error."""
    if any(of_baseline == 0 for _, of_baseline in totals):
        return None
    return float(np.mean([error / of_baseline for error, of_baseline in totals]))


def summarise(records: Sequence[RunRecord]) -> RobustnessSummary | None:
    """What was measured for these runs; None where nothing was.

    Runs that were measured on other images or with another seed than the first are left out.

    Raises:
        UserError: a file is damaged.
    """
    found = {record.folder: read_robustness(record.folder) for record in records}
    reference = next((one for one in found.values() if one is not None), None)
    if reference is None:
        return None
    contestants = []
    conditions: dict[Key, Condition] = {}
    places = {name: place for place, name in enumerate(group(records))}
    n_left_out, baseline = 0, None
    for name, runs in ranked(records).items():
        held = [one for run in runs if (one := found[run.folder]) and _alike(one, reference)]
        n_left_out += len(runs) - len(held)
        if not held:
            continue
        contestants.append(_contestant(name, places[name], held))
        conditions |= {_key(one): one for one in held[0].conditions}
        if baseline is None and runs[0].label == BASELINE:
            baseline = name
    left_out = f"{n_left_out} of {len(records)} runs were not measured in this way."
    return RobustnessSummary(
        tuple(contestants), conditions, reference.n_images, reference.noise_seed, baseline,
        left_out if n_left_out else "",
    )  # fmt: skip


def error_rows(summary: RobustnessSummary) -> list[dict[str, str]]:
    """Mean errors under corruptions of images, by contender."""
    rows = []
    for one in summary.contestants:
        ratio = summary.mean_corruption_error(one)
        rows.append(
            {"Contender": one.name, "Clean error (%)": _percent(1 - one.clean)}
            | {
                f"{name.replace('-', ' ').capitalize()} (%)": _percent(
                    float(np.mean(summary.errors(one, "image", name)))
                )
                for name in summary.names("image")
            }
            | {
                "Mean error (%)": _percent(summary.mean_error(one)),
                "mCE (%)": MISSING if ratio is None else f"{100 * ratio:.1f}",
            }
        )
    return rows


def fault_rows(summary: RobustnessSummary) -> list[dict[str, str]]:
    """Accuracy with faulty input spikes and with rounded weights, by contender."""
    faults = {key: one for key, one in summary.conditions.items() if key[0] != "image"}
    return [
        {"Contender": one.name, "Clean (%)": _percent(one.clean)}
        | {
            f"{_heading(fault)} (%)": _percent(one.accuracy[key])
            if key in one.accuracy
            else MISSING
            for key, fault in faults.items()
            if key[0] == "weights" or key[2] in SHOWN_SEVERITIES
        }
        for one in summary.contestants
    ]


SHOWN_SEVERITIES = (1, 3, 5)
"""Of faulty spikes, in the table; the figure and the files have all five."""


def caption(summary: RobustnessSummary) -> str:
    """How it was measured, in words."""
    seeds = sorted({one.seeds for one in summary.contestants})
    base = summary.baseline
    ratio = (
        f"mCE: error summed over severities, divided by that of {base}, mean over the corruptions."
        if base
        else f"mCE: not available, because {BASELINE}, the baseline, was not measured."
    )
    runs = " to ".join(dict.fromkeys(str(n) for n in (seeds[0], seeds[-1])))
    return (
        f"{summary.n_images:,} test images, {runs} run(s) per contender, noise seed "
        f"{summary.noise_seed}. Errors under a corruption: mean over five severities. {ratio} "
        f"{summary.left_out}"
    ).rstrip()


def terminal_tables(summary: RobustnessSummary) -> list[Table]:
    """Both tables for a terminal."""
    return [
        _table("Error on corrupted images", error_rows(summary), caption(summary)),
        _table("Accuracy with faulty input spikes and rounded weights", fault_rows(summary), None),
    ]


def robustness_figure(summary: RobustnessSummary) -> Figure:
    """Accuracy against severity, one panel per corruption, one line per contender."""
    panels = list(dict.fromkeys((kind, name) for kind, name, _ in summary.conditions))
    figure = new_figure(10, 2.6 * -(-len(panels) // 4) + 0.8)
    grid = figure.subplots(-(-len(panels) // 4), 4, sharey=True, squeeze=False)
    for axes, (kind, name) in zip(grid.flat, panels, strict=False):
        keys = [key for key in summary.conditions if key[:2] == (kind, name)]
        for one in summary.contestants:
            if keys[0] not in one.accuracy:
                continue
            accuracies = [one.clean, *(one.accuracy[key] for key in keys)]
            colour, marker = colour_and_marker(one.place)
            axes.plot(
                range(len(keys) + 1), [100 * accuracy for accuracy in accuracies],
                color=colour, marker=marker, markersize=5, label=one.name,
            )  # fmt: skip
        ticks = [_amount(summary.conditions[key]) for key in keys]
        axes.set_xticks(range(len(keys) + 1), ["clean", *ticks], fontsize=8)
        axes.set_title(name.replace("-", " ").capitalize(), fontsize=11)
        axes.set_ylim(0, 102)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for row in grid:
        row[0].set_ylabel("Accuracy (%)")
    handles: dict[str, Any] = {}
    for axes in grid.flat:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3)
    return figure


def page_section(records: Sequence[RunRecord]) -> dict[str, Any] | None:
    """What the page's section shows; None where no run was measured.

    Raises:
        UserError: a file is damaged.
    """
    summary = summarise(records)
    if summary is None:
        return None
    return {
        "errors": error_rows(summary),
        "faults": fault_rows(summary),
        "caption": caption(summary),
        "figure": Markup(svg(
            lambda: robustness_figure(summary), "robustness",
            "Accuracy against severity of each corruption; the tables have the means",
        )),
    }  # fmt: skip


def _alike(one: Robustness, reference: Robustness) -> bool:
    return (one.n_images, one.noise_seed) == (reference.n_images, reference.noise_seed)


def _contestant(name: str, place: int, held: Sequence[Robustness]) -> Contestant:
    keys = [_key(one) for one in held[0].conditions]
    found = [{_key(one): one.accuracy for one in run.conditions} for run in held]
    accuracy = {
        key: float(np.mean([run[key] for run in found]))
        for key in keys
        if all(key in run for run in found)
    }
    return Contestant(name, place, len(held), float(np.mean([r.clean for r in held])), accuracy)


def _key(one: Condition) -> Key:
    return one.kind, one.name, one.severity


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}"


def _amount(one: Condition) -> str:
    """An amount as a tick or in a heading."""
    return f"{one.amount:.2g}" if one.amount < 10 else f"{one.amount:g}"


def _heading(one: Condition) -> str:
    if one.kind == "weights":
        return f"{_amount(one)}-bit weights"
    if one.name == "deleted-spikes":
        return f"{100 * one.amount:g} % of spikes deleted"
    return f"spikes moved by up to {_amount(one)} steps"


def _table(title: str, rows: Sequence[Mapping[str, str]], text: str | None) -> Table:
    table = Table(title=title, caption=text, caption_justify="left")
    for number, heading in enumerate(rows[0]):
        table.add_column(heading, justify="left" if number == 0 else "right", no_wrap=number == 0)
    for row in rows:
        table.add_row(*row.values())
    return table
