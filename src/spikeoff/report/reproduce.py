"""The commands that do a race again, read from its records.

Settings that are the default go without a flag, so that a command says what is particular.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from spikeoff.contenders.base import Config
from spikeoff.contenders.effects import Effect, effects
from spikeoff.contenders.family_sizes import DEFAULT, family_networks
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.presets import (
    PRESETS,
    Preset,
    labelled_config,
    preset_config,
    shared_settings,
)
from spikeoff.contenders.registry import find
from spikeoff.contenders.twins import added_twins, deciding
from spikeoff.errors import UserError
from spikeoff.report.groups import recorded_effects, settings_of_today
from spikeoff.run.run_record import RunRecord

OF_A_RACE = effects(Config).keys() | {"augment"}
"""Settings that a command gives to all runs of a race."""


def run_command(record: RunRecord) -> str:
    """The command of one run, with a flag for each setting that is not the default."""
    config = restored(record)
    values = record.summary["config"] if config is None else needed(config)
    rest = {key: value for key, value in values.items() if key in _needed_keys(record)}
    return _command("spikeoff", "train", record.contender, {"seed": record.seed, **rest})


def race_command(records: Sequence[RunRecord]) -> str | None:
    """The one command of all runs: ``spikeoff compare`` or ``spikeoff front``; None without one."""
    seeds = sorted({record.seed for record in records})
    makers = {"compare": _race, "front": _front}
    for verb, made in makers.items():
        found = [race for preset in PRESETS if (race := made(records, seeds, preset))]
        if found:
            race = min(found, key=len)
            # The number of this preset depends on the machine, and it decides about threads.
            workers = {"workers": _at_a_time(records)} if race["preset"] == "quick" else {}
            return _command("spikeoff", verb, race | workers)
    return None


def _at_a_time(records: Sequence[RunRecord]) -> int:
    """Runs that took place at a time; one in records of earlier versions, which do not say."""
    return max(int(one.summary["environment"].get("runs_at_a_time", 1)) for one in records)


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


def _race(
    records: Sequence[RunRecord], seeds: Sequence[int], preset: Preset
) -> dict[str, Any] | None:
    """The settings of the race that makes these runs under a preset; None where none does."""
    common: dict[str, Any] = {}
    asked: dict[str, list[int]] = {}
    others: dict[tuple[str, Config], list[int]] = {}
    configs = []
    for record in records:
        config = restored(record)
        if config is None:
            return None
        configs.append(config.resolved())
        _, base = labelled_config(record.label, preset)
        differing = _differing(record, config, base)
        shared = {key: value for key, value in differing.items() if key in OF_A_RACE}
        common |= shared
        if len(shared) == len(differing):
            asked.setdefault(record.label, []).append(record.seed)
        else:
            others.setdefault((record.contender, deciding(config)), []).append(record.seed)
    same = all(
        getattr(one, key, None) == value
        for one in configs
        for key, value in shared_settings(one, common).items()
    )
    whole = all(sorted(ran) == list(seeds) for ran in [*asked.values(), *others.values()])
    if not asked or not same or not whole or None in common.values():
        return None
    twins = _twins(list(asked), preset, common)
    if others.keys() == twins:
        added: dict[str, Any] = {}
    elif not others:
        added = {"twins": False}
    else:
        return None
    return {"preset": preset, "contenders": list(asked), **added, "seeds": seeds, **common}


def _front(
    records: Sequence[RunRecord], seeds: Sequence[int], preset: Preset
) -> dict[str, Any] | None:
    """The settings of the front of families that makes these runs under a preset, or None."""
    families = list(dict.fromkeys(record.contender for record in records))
    common: dict[str, Any] = {}
    bases: dict[str, Config] = {}
    ran = []
    for record in records:
        config = restored(record)
        if config is None:
            return None
        if record.contender not in bases:
            bases[record.contender] = preset_config(find(record.contender), preset)
        differing = _differing(record, config, bases[record.contender])
        common |= {key: value for key, value in differing.items() if key in OF_A_RACE}
        ran.append((record.contender, record.seed, deciding(config)))
    try:
        made = {
            (family, seed, deciding(config))
            for family in families
            for _, config in family_networks(family, preset, common)
            for seed in seeds
        }
    except UserError:
        return None
    if len(ran) != len(made) or set(ran) != made or None in common.values():
        return None
    chosen = {} if set(families) == set(DEFAULT) else {"families": families}
    return {"preset": preset, **chosen, "seeds": seeds, **common}


def _twins(
    labels: Sequence[str], preset: Preset, common: Mapping[str, Any]
) -> set[tuple[str, Config]]:
    """The twins that a race of these contenders adds."""
    chosen = []
    for one in labels:
        name, config = labelled_config(one, preset)
        chosen.append((name, replace(config, **shared_settings(config, common))))
    return {(one.contender, deciding(one.config)) for one in added_twins(chosen, preset, common)}


def _differing(record: RunRecord, config: Config, base: Config) -> dict[str, Any]:
    """The settings of a run that a command must name, where its defaults are those of ``base``."""
    config, base = config.resolved(), base.resolved()
    values = {key: getattr(config, key) for key in _needed_keys(record)}
    return {key: value for key, value in values.items() if value != getattr(base, key)}


def _needed_keys(record: RunRecord) -> list[str]:
    """The settings that a command must name: not the seed, and none without effect."""
    known = recorded_effects(record)
    skipped = (Effect.SEED, Effect.NONE)
    return [key for key in settings_of_today(record) if known.get(key) not in skipped]


def _command(*words: Any) -> str:
    *given, values = words
    return shlex.join([*given, *flags(values)])
