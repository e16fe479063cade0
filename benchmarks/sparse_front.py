"""The spiking network pruned or in columns, and its twins: accuracy, operations, energy ratios.

Run: python benchmarks/sparse_front.py [--output DIR] [--read] [--workers 2]
     [--figure FILE] [--into PAGE]

The networks of ``CAMPAIGN`` are trained by ``spikeoff campaign``, on one thread each. Finished
runs in DIR are not repeated; ``--read`` takes the runs of DIR as they are. Tables go to the
terminal or between the marks of PAGE, the figure to FILE.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from page_tables import publish, table
from spikeoff.ledger.energy_models.base import EnergyModel, NotAvailableError
from spikeoff.ledger.energy_models.registry import find, models
from spikeoff.ledger.operation_energy import load_table
from spikeoff.plotting import MARKERS, colour_and_marker, legend_above, new_figure, save_figure
from spikeoff.report.equal_accuracy import DEFAULT_MODEL
from spikeoff.report.front import cheapest, front
from spikeoff.report.groups import group
from spikeoff.report.model_ratios import activation_bits, model_ratios
from spikeoff.report.networks import network_of
from spikeoff.run.run_record import RunRecord, find_runs, read_run

CAMPAIGN = """\
seeds = [0, 1, 2]
[all]
epochs = 20
num_threads = 1
device = "cpu"
timing_seconds = 0.0
energy_seconds = 0.0
[[izhikevich-sparse]]
hidden = [64, 128, 256, 512]
keep = [0.3]
[[izhikevich-sparse]]
hidden = [512]
keep = [0.15]
[[izhikevich-sparse]]
hidden = [256]
[[mlp]]
hidden = [64, 128, 256, 512]
keep = [0.3]
learning_rate = 0.05
[[mlp]]
hidden = [512]
keep = [0.15]
learning_rate = 0.05
[[mlp]]
hidden = [256]
learning_rate = 0.05
[[izhikevich-sparse]]
synapses = ["columns"]
hidden = [256, 512]
n_steps = [5, 8]
weight_decay = 0.1
[[mlp]]
synapses = ["columns"]
hidden = [256, 512]
learning_rate = [0.02, 0.0731]
"""
"""Learning rates of ``mlp``: the best of three for the pruned network on validation images, and in
columns the default, and what ``spikeoff tune`` found for quick. The weight decay in columns lies
between the default and the best of four short trials."""

PJ_PER_UJ = 1e6

Groups = Mapping[str, Sequence[RunRecord]]


def train(output: Path, workers: int) -> None:
    """Run the campaign, or what is missing of it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sparse-front.toml"
        file.write_text(CAMPAIGN)
        command = [sys.executable, "-m", "spikeoff", "campaign", str(file)]
        subprocess.run([*command, "--output", str(output), "--workers", str(workers)], check=True)


def groups_of(output: Path) -> dict[str, list[RunRecord]]:
    """The runs in a folder by network, each family from the cheapest on."""
    found = group([read_run(path) for path in find_runs([output])])
    return dict(sorted(found.items(), key=lambda one: (one[1][0].contender, operations(one[1]))))


def mean(runs: Sequence[RunRecord], *keys: str) -> float:
    """Mean over the seeds of a figure in the record."""
    values = []
    for run in runs:
        value: Any = run.summary
        for key in keys:
            value = value[key]
        values.append(float(value))
    return float(np.mean(values))


def operations(runs: Sequence[RunRecord]) -> float:
    """Additions and multiply-accumulates per image, zeros skipped."""
    return mean(runs, "operations", "effective_acs") + mean(runs, "operations", "effective_macs")


def described(runs: Sequence[RunRecord]) -> list[str]:
    """Contender, hidden neurons, steps and which weights there are."""
    config = runs[0].summary["config"]
    hidden = " ".join(map(str, config["hidden"]))
    steps = str(config.get("n_steps", "")) or "–"
    return [f"`{runs[0].label}`", hidden, steps, kept(runs)]


def networks(groups: Groups) -> str:
    """What each network reaches and does."""
    rows = []
    for runs in groups.values():
        validation, test = (
            100 * np.array([run.summary["accuracy"][part] for run in runs])
            for part in ("validation", "test")
        )
        spread = f" ± {test.std(ddof=1):.2f}" if len(runs) > 1 else ""
        stored = np.mean([sum(layer.stored for layer in network_of(run).layers) for run in runs])
        acs, macs = (mean(runs, "operations", key) for key in ("effective_acs", "effective_macs"))
        updates = mean(runs, "operations", "membrane_updates")
        spiking = runs[0].summary["spiking"]
        rows.append([
            *described(runs), str(len(runs)), f"{validation.mean():.2f}",
            f"{test.mean():.2f}{spread}", f"{acs:,.0f}" if spiking else "–", f"{macs:,.0f}",
            f"{mean(runs, 'spikes', 'per_example_hidden'):.0f}",
            f"{updates:,.0f}" if spiking else "–", f"{acs / stored:.2f}" if spiking else "–",
            f"{mean(runs, 'memory', 'stored_bytes') / 1024:,.0f}",
        ])  # fmt: skip
    return table(
        ["network", "hidden", "steps", "weights", "seeds", "validation (%)", "test (%)",
         "additions", "MACs", "hidden spikes or active ReLUs", "updates", "spikes per weight",
         "parameters and index (KiB)"],
        rows,
    )  # fmt: skip


def at_equal_topology(groups: Groups) -> str:
    """Energy over that of the twin with as many weights, by model: zeros skipped, and all done."""
    pairs = [one for one in model_ratios(groups, load_table()) if one.fair]
    rows = [
        [
            *described(groups[pair.pairing.spiking])[1:],
            *(
                "–" if one.skipping is None else f"{one.skipping:.2f} / {one.dense:.2f}"
                for one in pair.ratios
            ),
        ]
        for pair in pairs
    ]
    names = [f"`{one.model}`" for one in pairs[0].ratios] if pairs else []
    return table(["hidden", "steps", "weights", *names], rows)


def cost(
    model: EnergyModel, runs: Sequence[RunRecord], bits: int = 32, *, dense: bool = False
) -> float:
    """Energy per image, mean over seeds; with ``dense``, zeros are not skipped."""
    found = [network_of(run, activation_bits=bits) for run in runs]
    return float(np.mean([model.total(n.without_skipping() if dense else n) for n in found]))


def at_equal_accuracy(groups: Groups) -> str:
    """Energy over that of a conventional network as accurate, interpolated on their front."""
    theirs = [runs for runs in groups.values() if not runs[0].summary["spiking"]]
    families = [runs[0].label for runs in theirs]
    accuracies = np.array([mean(runs, "accuracy", "test") for runs in theirs])
    known = [model for model in models() if not model.one_sided]
    rows = []
    for runs in groups.values():
        if not runs[0].summary["spiking"]:
            continue
        bits = activation_bits(mean(runs, "operations", "steps"))
        target, cells = mean(runs, "accuracy", "test"), []
        for model in known:
            pair = []
            for dense in (False, True):
                try:
                    costs = np.array([cost(model, one, bits, dense=dense) for one in theirs])
                    found = cheapest(costs, accuracies, families, target)
                    note = "≥ " if found.place == "below" else ""
                    pair.append(
                        "beyond" if found.cost is None
                        else f"{note}{cost(model, runs) / found.cost:.2f}"
                    )  # fmt: skip
                except NotAvailableError:
                    pair.append("–")
            cells.append(pair[0] if len(set(pair)) == 1 else " / ".join(pair))
        rows.append([*described(runs)[1:], f"{100 * target:.2f}", *cells])
    return table(
        ["hidden", "steps", "weights", "test (%)", *(f"`{model.name}`" for model in known)], rows
    )


def draw(groups: Groups) -> Figure:
    """Test accuracy over operations and over energy: marks by weights, a line per front."""
    figure = new_figure(10, 4.8)
    left, right = figure.subplots(1, 2, sharey=True)
    smooth = find(DEFAULT_MODEL)
    draw_over(left, groups, operations, named=True)
    draw_over(right, groups, lambda runs: cost(smooth, runs) / PJ_PER_UJ)
    kinds = sorted({kept(runs) for runs in groups.values()})
    for mark, kind in zip(MARKERS, kinds, strict=False):
        left.plot([], [], mark, color="black", label=f"weights: {kind}")
    left.set(xlabel="Additions and multiplications per image, zeros skipped",
             ylabel="Test accuracy (%)")  # fmt: skip
    right.set(xlabel=f"Energy per image (\N{MICRO SIGN}J), estimated by {DEFAULT_MODEL}")
    for axes, form in ((left, "{x:,.0f}"), (right, "{x:g}")):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(StrMethodFormatter(form))
        axes.xaxis.set_minor_formatter(NullFormatter())
    legend_above(figure, 3)
    return figure


def draw_over(
    axes: Axes,
    groups: Groups,
    cost_of: Callable[[Sequence[RunRecord]], float],
    *,
    named: bool = False,
) -> None:
    """The networks over one cost; bars are the standard deviation over seeds."""
    kinds = sorted({kept(runs) for runs in groups.values()})
    for place, label in enumerate(dict.fromkeys(runs[0].label for runs in groups.values())):
        family = [runs for runs in groups.values() if runs[0].label == label]
        costs = np.array([cost_of(runs) for runs in family])
        accuracies = np.array([100 * mean(runs, "accuracy", "test") for runs in family])
        colour, best = colour_and_marker(place)[0], front(costs, accuracies)
        style = "-" if family[0][0].summary["spiking"] else "--"
        (line,) = axes.plot(costs[best], accuracies[best], style, color=colour)
        if named:
            line.set_label(f"{label}, front")
        for runs, x, y in zip(family, costs, accuracies, strict=True):
            found = [100 * run.summary["accuracy"]["test"] for run in runs]
            axes.errorbar(
                x, y, np.std(found, ddof=1) if len(found) > 1 else None,
                fmt=MARKERS[kinds.index(kept(runs))], color=colour, capsize=2, elinewidth=1,
            )  # fmt: skip


def kept(runs: Sequence[RunRecord]) -> str:
    """Which weights there are: those in columns, or a share."""
    config = runs[0].summary["config"]
    if config.get("synapses", "dense") == "columns":
        return "columns"
    return f"{100 * config['keep']:g} %"


def main(arguments: Sequence[str]) -> None:
    """Train what is missing, then print or publish the tables and draw the figure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, default=Path("runs/sparse-front"))
    parser.add_argument("--read", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--figure", type=Path)
    given, rest = parser.parse_known_args(arguments)
    if not given.read:
        train(given.output, given.workers)
    groups = groups_of(given.output)
    publish("sparse_networks", networks(groups), rest)
    publish("sparse_topology", at_equal_topology(groups), rest)
    publish("sparse_accuracy", at_equal_accuracy(groups), rest)
    if given.figure is not None:
        save_figure(lambda: draw(groups), given.figure)


if __name__ == "__main__":
    main(sys.argv[1:])
