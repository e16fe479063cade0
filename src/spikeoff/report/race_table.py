"""The race as a table: one row per contender, means and spread over its seeds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from spikeoff.contenders.registry import label
from spikeoff.files import write_text
from spikeoff.ledger.operation_energy import EnergyTable
from spikeoff.report.chips import CHIPS
from spikeoff.report.energy_table import (
    NAMES,
    WAYS,
    Quantity,
    Way,
    energy_rows,
    figure,
    joules,
    measured_how,
)
from spikeoff.report.equal_accuracy import equal_accuracy
from spikeoff.report.gallery import right_by
from spikeoff.report.groups import group, ranked
from spikeoff.report.model_ratios import model_ratios
from spikeoff.report.model_table import as_numbers
from spikeoff.report.networks import stored_parameters
from spikeoff.report.statistics import Pair, accuracy_interval, compare_pairs
from spikeoff.report.time_table import batch, latency, throughput
from spikeoff.report.verdict import cost, verdicts
from spikeoff.run.json_files import plain
from spikeoff.run.run_record import RunRecord

CSV_COLUMNS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "contender": lambda s: label(s["contender"], s["config"].get("engine")),
    "engine": lambda s: s.get("engine"),
    "seed": lambda s: s["seed"],
    "parameters": lambda s: s.get("parameters"),
    "stored_parameters": lambda s: s.get("stored_parameters"),
    "epochs_trained": lambda s: s["epochs"]["trained"],
    "train_accuracy": lambda s: s["accuracy"]["train"],
    "validation_accuracy": lambda s: s["accuracy"]["validation"],
    "test_accuracy": lambda s: s["accuracy"]["test"],
    "train_s": lambda s: s["time"]["train_s"],
    "test_ms_per_image": lambda s: s["time"]["test_ms_per_example"],
    "input_per_image": lambda s: s["spikes"]["input_per_example"],
    "hidden_per_image": lambda s: s["spikes"]["per_example_hidden"],
    "hidden_rate": lambda s: s["spikes"]["hidden_rate"],
    "activity_kind": lambda s: s["spikes"]["kind"],
    "dense_macs": lambda s: s["operations"]["dense_macs"],
    "effective_macs": lambda s: s["operations"]["effective_macs"],
    "effective_acs": lambda s: s["operations"]["effective_acs"],
    "membrane_updates": lambda s: s["operations"]["membrane_updates"],
    "connection_sparsity": lambda s: s.get("sparsity", {}).get("connection"),
    "activation_sparsity": lambda s: s.get("sparsity", {}).get("activation"),
    "parameters_bytes": lambda s: s["memory"].get("parameters_bytes"),
    "stored_bytes": lambda s: s["memory"].get("stored_bytes"),
    "buffers_bytes": lambda s: s["memory"].get("buffers_bytes"),
    "peak_rss_mb": lambda s: s["memory"]["peak_rss_bytes"] / 2**20,
    "latency_ms_median": lambda s: latency(s, "median"),
    "latency_ms_q1": lambda s: latency(s, "q1"),
    "latency_ms_q3": lambda s: latency(s, "q3"),
    "throughput_batch": batch,
    "throughput_images_per_s": throughput,
    "throughput_images_per_s_q1": lambda s: throughput(s, "q1"),
    "throughput_images_per_s_q3": lambda s: throughput(s, "q3"),
    "training_energy_estimate_j": lambda s: estimated_energy(s, "training"),
    "test_energy_estimate_j": lambda s: estimated_energy(s, "test"),
    "data": lambda s: s["data"]["name"],
    "n_train": lambda s: s["data"]["n_train"],
    "n_test": lambda s: s["data"]["n_test"],
    "cpu": lambda s: s["environment"]["cpu"],
    "threads": lambda s: s["environment"]["threads"],
    "gpu": lambda s: s["environment"]["gpu"],
    "version": lambda s: s["version"],
    "git_revision": lambda s: s["git_revision"],
}


ENERGY_COLUMNS: dict[str, tuple[Quantity, Way]] = {
    f"{quantity.replace(' ', '_')}_energy_{NAMES[way]}_j": (quantity, way)
    for quantity, ways in WAYS.items()
    for way in ways
    if (quantity, way) != ("training", "TDP x time")  # as training_energy_estimate_j
}


@dataclass(frozen=True)
class TrainState:
    """One contender's place in the race, its cells as text.

    accuracy, interval: mean test accuracy and its 95 % interval (%).
    """

    name: str
    title: str
    accuracy: float
    interval: tuple[float, float]
    cells: dict[str, str]


def standings(records: Sequence[RunRecord]) -> list[TrainState]:
    """The contenders, best mean test accuracy first."""
    return [_standing(name, members) for name, members in ranked(records).items()]


def terminal_table(records: Sequence[RunRecord]) -> Table:
    """The standings for a terminal."""
    rows = standings(records)
    table = Table(title="The race", caption=conditions(records), caption_justify="left")
    for number, header in enumerate(rows[0].cells):
        table.add_column(header, justify="left" if number == 0 else "right", no_wrap=number == 0)
    for row in rows:
        table.add_row(*row.cells.values())
    return table


def say(pair: Pair) -> str:
    """What a comparison of two contenders comes to, in a sentence."""
    one, other = pair.first, pair.second
    if pair.better_second > pair.better_first:
        one, other = other, one
    ahead, behind = sorted((pair.better_first, pair.better_second), reverse=True)
    counts = f"better on {ahead:,} images, worse on {behind:,}, p {_p_value(pair.corrected)}"
    if pair.differ:
        return f"{one} is more accurate than {other}: {counts}"
    return f"{one} and {other} do not differ significantly: {one} is {counts}"


def _p_value(p: float) -> str:
    return f"= {p:.3f}" if p >= 0.001 else "< 0.001"


def write_csv(records: Sequence[RunRecord], energy_table: EnergyTable, path: Path) -> None:
    """One row per run with unrounded numbers; unavailable values stay empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*CSV_COLUMNS, *ENERGY_COLUMNS, "measured_energy", "measured_energy_method"])
    for record in records:
        cells = [read(record.summary) for read in CSV_COLUMNS.values()]
        cells += [joules(record, *what, energy_table) for what in ENERGY_COLUMNS.values()]
        writer.writerow([*cells, *measured_how(record.summary)])
    write_text(path, text.getvalue())


def write_json(records: Sequence[RunRecord], energy_table: EnergyTable, path: Path) -> None:
    """The standings, the comparisons in pairs, energy by operations, and every run's record."""
    groups = group(records)
    content = {
        "standings": [
            {"name": row.name, "test_accuracy": row.accuracy / 100,
             "interval_95": [value / 100 for value in row.interval],
             "seeds": [record.seed for record in groups[row.name]]}
            for row in standings(records)
        ],
        "operation_energy_estimate_pj": {
            "table": energy_table,
            "images": [asdict(cost(name, runs, energy_table)) for name, runs in groups.items()],
            "verdicts": verdicts(groups, energy_table),
        },
        "energy_models": as_numbers(model_ratios(groups, energy_table)),
        "equal_accuracy": equal_accuracy(records, energy_table),
        "measured_chips": CHIPS,
        "confusion": {
            name: np.sum([run.confusion() for run in runs], axis=0).tolist()
            for name, runs in groups.items()
        },
        "right_by": right_by(groups),
        "energy_j": energy_rows(records, energy_table),
        "pairs": [vars(pair) for pair in compare_pairs(groups)],
        "runs": [record.summary for record in records],
    }  # fmt: skip
    write_text(path, json.dumps(plain(content), indent=2, allow_nan=False) + "\n")


def conditions(records: Sequence[RunRecord]) -> str:
    """Seeds, data and hardware in a sentence or two."""
    summary = records[0].summary
    seeds = sorted({record.seed for record in records})
    data = summary["data"]
    machines = "; ".join(dict.fromkeys(_machine(record.summary) for record in records))
    spread = (
        "± is the standard deviation over seeds; intervals are for the mean over seeds. "
        if len(seeds) > 1
        else "Intervals cover the choice of the test images, not of the seed. "
    )
    return (
        f"{data['name']}: {data['n_train']:,} training, {data['n_validation']:,} validation and "
        f"{data['n_test']:,} test images. Seeds {', '.join(map(str, seeds))}; {machines}. "
        f"{spread}"
    ).strip()


def _machine(summary: dict[str, Any]) -> str:
    where = summary["environment"]
    threads, at_a_time = where["threads"], where.get("runs_at_a_time", 1)
    beside = f", {at_a_time} runs at a time" if at_a_time > 1 else ""
    plural = "" if threads == 1 else "s"
    return str(where["gpu"] or f"{where['cpu']}, {threads} thread{plural}") + beside


def estimated_energy(summary: dict[str, Any], quantity: str) -> float | None:
    """Joules of ``quantity`` by the TDP estimate, None where the record has none."""
    found = figure(summary, quantity, "estimated")
    return None if found is None else float(found["value"])


def _standing(name: str, records: Sequence[RunRecord]) -> TrainState:
    summaries = [record.summary for record in records]

    def values(read: Callable[[dict[str, Any]], Any]) -> list[float]:
        return [float(read(summary) or 0) for summary in summaries]

    accuracy = values(lambda s: 100 * s["accuracy"]["test"])
    low, high = accuracy_interval(records)
    first = summaries[0]
    hidden = values(lambda s: s["spikes"]["per_example_hidden"])
    return TrainState(
        name=name,
        title=records[0].title,
        accuracy=float(np.mean(accuracy)),
        interval=(100 * low, 100 * high),
        cells={
            "Contender": name,
            "Test accuracy (%)": _spread(accuracy, 2),
            "95 % interval": f"{100 * low:.2f} to {100 * high:.2f}",
            "Parameters": _parameters(records[0]),
            "Training (s)": _spread(values(lambda s: s["time"]["train_s"]), 1),
            "Inference (ms/image)": _spread(values(lambda s: s["time"]["test_ms_per_example"]), 3),
            "Hidden spikes/image": f"{np.mean(hidden):,.0f}" if first["spiking"] else "none",
            "Operations/image": _operations(summaries),
        },
    )


def _parameters(record: RunRecord) -> str:
    """As described, and how many of them exist where that is fewer."""
    described, stored = int(record.summary["parameters"]), stored_parameters(record)
    return f"{described:,}" if stored == described else f"{described:,} ({stored:,} stored)"


def _operations(summaries: Sequence[dict[str, Any]]) -> str:
    """Effective operations of the kind that the contender does."""
    kinds = {"MAC": "effective_macs", "AC": "effective_acs"}
    means = {
        kind: float(np.mean([summary["operations"][key] for summary in summaries]))
        for kind, key in kinds.items()
    }
    return " + ".join(f"{_in_millions(value)} {kind}" for kind, value in means.items() if value)


def _in_millions(count: float) -> str:
    return f"{count / 1e6:.2f} M" if count >= 1e5 else f"{count:,.0f}"


def _spread(values: Sequence[float], digits: int) -> str:
    mean = f"{np.mean(values):,.{digits}f}"
    return f"{mean} ± {np.std(values, ddof=1):,.{digits}f}" if len(values) > 1 else mean
