"""The conditions of the runs: what all runs share, and where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikeoff.report.groups import distinguishing
from spikeoff.run.run_record import RunRecord


@dataclass(frozen=True)
class Fact:
    """A condition and its values; beside each value the runs that had it, empty for all."""

    name: str
    values: list[tuple[str, str]]


def facts(records: Sequence[RunRecord]) -> list[Fact]:
    """Data, hardware, system and versions of all runs."""
    every = [_facts(record.summary) for record in records]
    result = []
    for name in every[0]:
        runs: dict[str, list[str]] = {}
        for record, values in zip(records, every, strict=True):
            runs.setdefault(values[name], []).append(f"{record.label} seed {record.seed}")
        alone = len(runs) == 1
        result.append(Fact(name, [(v, "" if alone else ", ".join(r)) for v, r in runs.items()]))
    return result


def settings(groups: Mapping[str, Sequence[RunRecord]]) -> list[tuple[str, dict[str, Any]]]:
    """Every hyperparameter, a group of runs at a time."""
    return [(name, distinguishing(records[0])) for name, records in groups.items()]


def _facts(summary: Mapping[str, Any]) -> dict[str, str]:
    where, data = summary["environment"], summary["data"]
    libraries = [f"{name} {version}" for name, version in where["libraries"].items() if version]
    revision = str(summary.get("git_revision") or "not known (not run from a checkout)")
    changed = " with uncommitted changes" if revision.endswith("+") else ""
    return {
        "Data": "; ".join((data["name"], *data.get("notes", ()))),
        "Images": f"{data['n_train']:,} training, {data['n_validation']:,} validation, "
        f"{data['n_test']:,} test",
        "SHA-256 of the data": str(data["sha256"]),
        "Processor": str(where["cpu"]),
        "Threads": f"{where['threads']} of {where['cores']} cores",
        "Runs at a time": str(where.get("runs_at_a_time", 1)),
        "GPU": str(where["gpu"] or "none"),
        "Computed on": str(where["device"]),
        "System": str(where["os"]),
        "Python": str(where["python"]),
        "Libraries": ", ".join(libraries),
        "spikeoff": str(summary["version"]),
        "Git revision": revision.removesuffix("+") + changed,
    }
