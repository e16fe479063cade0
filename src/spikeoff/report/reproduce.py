"""The commands that do a race again, read from its records.

Settings that are the default go without a flag, so that a command says what is particular.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from spikeoff.contenders.base import Config
from spikeoff.contenders.effects import Effect, effects
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.presets import PRESETS, labelled_config
from spikeoff.contenders.registry import find
from spikeoff.errors import UserError
from spikeoff.report.groups import recorded_effects, settings_of_today
from spikeoff.run.run_record import RunRecord


def run_command(record: RunRecord) -> str:
    """The command of one run, with a flag for each setting that is not the default."""
    config = restored(record)
    values = record.summary["config"] if config is None else needed(config)
    rest = {key: value for key, value in values.items() if key in _needed_keys(record)}
    return _command("spikeoff", "train", record.contender, {"seed": record.seed, **rest})


def race_command(records: Sequence[RunRecord]) -> str | None:
    """The one command of all runs; None where they are not of one ``spikeoff compare``."""
    contenders = list(dict.fromkeys(record.label for record in records))
    seeds = sorted({record.seed for record in records})
    places = {(record.label, record.seed) for record in records}
    if not len(places) == len(records) == len(contenders) * len(seeds):
        return None
    found = [values for values in (_common(records, preset) for preset in PRESETS) if values]
    if not found:
        return None
    shortest = min(found, key=len)
    preset = {"preset": shortest.pop("preset")}
    return _command(
        "spikeoff", "compare", preset | {"contenders": contenders, "seeds": seeds} | shortest
    )


def restored(record: RunRecord) -> Config | None:
    """A run's configuration; None where its contender or a setting is not known here."""
    try:
        kind: type[Config] = find(record.contender).config_type
        return from_plain(kind, record.summary["config"])
    except (UserError, TypeError, KeyError):
        return None


def needed(config: Config) -> dict[str, Any]:
    """The fewest settings that make ``config`` out of the defaults."""
    kind, config = type(config), config.resolved()
    values = {field.name: getattr(config, field.name) for field in fields(config)}
    kept = {key: value for key, value in values.items() if value != getattr(kind(), key)}
    for key in list(kept):  # what another setting brings with it, as a preset does, can go
        fewer = {name: value for name, value in kept.items() if name != key}
        try:
            if kind(**fewer).resolved() == config:
                kept = fewer
        except UserError:
            continue
    return kept


def flags(values: dict[str, Any]) -> list[str]:
    """Settings as arguments of the command line."""
    result: list[str] = []
    for key, value in values.items():
        if isinstance(value, bool):
            result.append(f"--{key}" if value else f"--no_{key}")
        elif isinstance(value, (list, tuple)):
            result += [f"--{key}", *map(str, value)]
        else:
            result += [f"--{key}", str(value)]
    return result


def _common(records: Sequence[RunRecord], preset: Any) -> dict[str, Any] | None:
    """The preset and the settings that turn it into every run; None where none do."""
    common: dict[str, Any] = {}
    pairs = []
    for record in records:
        config = restored(record)
        if config is None:
            return None
        _, base = labelled_config(record.label, preset)
        config, base = config.resolved(), base.resolved()
        pairs.append((config, base))
        for key in _needed_keys(record):
            value = getattr(config, key)
            if value != getattr(base, key):
                common[key] = value
    same = all(
        getattr(config, key, None) == value for key, value in common.items() for config, _ in pairs
    )
    takes_all = all(key in effects(Config) and value is not None for key, value in common.items())
    return {"preset": preset, **common} if same and takes_all else None


def _needed_keys(record: RunRecord) -> list[str]:
    """The settings that a command must name: not the seed, and none without effect."""
    known = recorded_effects(record)
    skipped = (Effect.SEED, Effect.NONE)
    return [key for key in settings_of_today(record) if known.get(key) not in skipped]


def _command(*words: Any) -> str:
    *given, values = words
    return shlex.join([*given, *flags(values)])
