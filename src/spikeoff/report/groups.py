"""Which runs stand together: those that differ by nothing but their seed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from spikeoff.contenders.base import Config
from spikeoff.contenders.effects import REPETITION, Effect, effects
from spikeoff.contenders.field_checks import migrated
from spikeoff.contenders.registry import find
from spikeoff.errors import UserError
from spikeoff.run.json_files import plain
from spikeoff.run.run_record import RunRecord

SHARED_DATA = ("sha256", "n_train", "n_validation", "n_test")


def check_one_race(records: Sequence[RunRecord]) -> None:
    """Refuse runs that cannot be compared.

    Raises:
        UserError: runs of different images, or of different numbers of them.
    """
    for key in SHARED_DATA:
        values = list(dict.fromkeys(str(record.summary["data"][key]) for record in records))
        if len(values) > 1:
            raise UserError(
                f"the runs are not of one race: `{key}` of their data is "
                f"{' and '.join(values[:2])}; report them separately"
            )


def group(records: Sequence[RunRecord]) -> dict[str, list[RunRecord]]:
    """Runs by contender and engine, and by the settings in which runs of one of these differ.

    A group's name says these settings, as in ``mlp hidden=512 synapses=columns``. A default that is
    no number goes without saying.
    """
    settings = [_settings(record) for record in records]
    seen: dict[str, dict[str, set[Any]]] = {}
    for record, told_by in zip(records, settings, strict=True):
        values = seen.setdefault(record.label, {key: set() for key in told_by})
        for key in values.keys() | told_by.keys():
            values.setdefault(key, {None}).add(told_by.get(key))
    groups: dict[str, list[RunRecord]] = {}
    for record, told_by in zip(records, settings, strict=True):
        values = seen[record.label]
        unsaid = _unsaid(record)
        differing = [
            f"{key}={value}"
            for key, value in told_by.items()
            if len(values[key]) > 1 and unsaid.get(key) != value
        ]
        name = " ".join([record.label, *differing])
        groups.setdefault(name, []).append(record)
    return groups


def ranked(records: Sequence[RunRecord]) -> dict[str, list[RunRecord]]:
    """The groups, best mean test accuracy first."""

    def accuracy(item: tuple[str, list[RunRecord]]) -> float:
        return sum(float(run.summary["accuracy"]["test"]) for run in item[1]) / len(item[1])

    return dict(sorted(group(records).items(), key=accuracy, reverse=True))


def recorded_effects(record: RunRecord) -> Mapping[str, Effect]:
    """The effects of a run's settings; for an unknown contender, those of the shared settings."""
    try:
        return effects(find(record.contender).config_type)
    except UserError:
        return effects(Config)


def distinguishing(record: RunRecord) -> dict[str, Any]:
    """The settings of a run that make it more than a repetition of another, by today's names."""
    known = recorded_effects(record)
    return {k: v for k, v in settings_of_today(record).items() if known.get(k) not in REPETITION}


def settings_of_today(record: RunRecord) -> dict[str, Any]:
    """A run's settings by the names of today; as they are where its contender is unknown here."""
    held: dict[str, Any] = record.summary["config"]
    try:
        return migrated(find(record.contender).config_type, held)
    except UserError:
        return held


def _settings(record: RunRecord) -> dict[str, str]:
    """The settings that tell a run from others; one that its version did not have, by default."""
    known, config = recorded_effects(record), distinguishing(record)
    if kind := _config_type(record):
        added = {k: v for k, v in plain(kind()).items() if known[k] not in REPETITION}
        config = added | config
    config["engine"] = record.summary["engine"]
    return {key: _shown(value) for key, value in config.items()}


def _unsaid(record: RunRecord) -> dict[str, str]:
    """The defaults of a run's settings that are no numbers."""
    kind = _config_type(record)
    if kind is None:
        return {}
    return {
        name: _shown(value)
        for name, value in plain(kind()).items()
        if isinstance(value, (bool, str)) or value is None
    }


def _config_type(record: RunRecord) -> type[Config] | None:
    try:
        return find(record.contender).config_type
    except UserError:
        return None


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(map(_shown, value))
    return json.dumps(value).strip('"')
