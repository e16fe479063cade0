"""Which conventional group of runs is the twin of a spiking one: the same layers and synapses.

The pairing is by settings, never by numbers of parameters: a spiking contender names its twins
(``Contender.twins``), and a group whose runs have these settings is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.registry import NATIVE, find
from spikeoff.report.reproduce import restored
from spikeoff.run.run_record import RunRecord


def twin_groups(groups: Mapping[str, Sequence[RunRecord]], name: str) -> list[str]:
    """The groups that are twins of the group ``name``, in the order in which it names them.

    Among several that differ only in how they were trained, or on which engine, the one with the
    highest mean validation accuracy stands for the twin; a native one comes first.
    """
    first = groups[name][0]
    config = restored(first)
    if config is None or not first.summary["spiking"]:
        return []
    found = []
    for twin in find(first.contender).twins(config):
        kind = find(twin.contender).config_type
        wanted = {key: getattr(from_plain(kind, twin.settings), key) for key in twin.settings}
        fitting = [
            other
            for other, runs in groups.items()
            if runs[0].contender == twin.contender and _has(runs[0], wanted)
        ]
        if fitting:
            found.append(max(fitting, key=lambda other: _preference(groups[other])))
    return found


def _has(record: RunRecord, wanted: Mapping[str, object]) -> bool:
    config = restored(record)
    return config is not None and all(getattr(config, key) == v for key, v in wanted.items())


def _preference(runs: Sequence[RunRecord]) -> tuple[bool, float]:
    accuracy = [float(run.summary["accuracy"].get("validation") or 0) for run in runs]
    return runs[0].summary.get("engine") == NATIVE, sum(accuracy) / len(accuracy)
