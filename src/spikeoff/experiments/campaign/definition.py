"""A campaign file: contenders, seeds and settings in TOML.

    seeds = [0, 1, 2]
    preset = "quick"                 # or original, the default

    [all]                            # settings of every contender
    n_train = 5000

    [mlp]                            # of one; a list stands for one run of each of its values
    n_hidden = [256, 512]
    learning_rate = [0.01, 0.02]     # 2 x 2 configurations, 3 seeds each

    [cnn]                            # as they are

Several tables of one contender, ``[[mlp]]``, are several sets of configurations.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from spikeoff.contenders.base import Config
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.presets import PRESETS, Preset, override_preset, preset_fields
from spikeoff.contenders.registry import find, parse
from spikeoff.errors import UserError, one_line
from spikeoff.experiments.campaign.plan import Entry, check_choice, settings_label
from spikeoff.files import read_toml

MAX_RUNS = 10_000
TOO_MANY = f"over {MAX_RUNS} runs; make several campaigns of it"
EVERY = "all"
KEYS = ("seeds", "preset", EVERY)

ELSEWHERE = {
    "seed": "list seeds under `seeds`",
    "save_path": "name the folder by --output",
    "resume_from": "go on with a single run by spikeoff train",
    "test_mode": "answer with trained weights by spikeoff train",
}
"""Settings that a campaign file may not hold, and what to do instead."""


@dataclass(frozen=True)
class Campaign:
    """What a campaign file asks for.

    name: the file's, without its ending.
    configs: contender, label of the configuration (empty where there is one), configuration.
    """

    name: str
    seeds: tuple[int, ...]
    configs: tuple[tuple[str, str, Config], ...]

    def entries(self, output: Path) -> list[Entry]:
        """The runs, seed by seed, each into ``output/<contender>[/<label>]/seed-<n>``."""
        result = []
        for seed in self.seeds:
            for name, label, config in self.configs:
                called = name if "engine=" in label else Entry(name, config).label
                place = "/".join(filter(None, (called, label, f"seed-{seed}")))
                path = output / place
                result.append(Entry(name, replace(config, seed=seed, save_path=path), place))
        return result


def read_campaign(path: Path) -> Campaign:
    """What the campaign file asks for.

    Raises:
        UserError: it cannot be read, or names a contender, a setting or a value that is none.
    """
    content = read_toml(path)
    try:
        return _campaign(path.stem, content)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _campaign(name: str, content: dict[str, Any]) -> Campaign:
    seeds, preset = content.get("seeds", [0]), content.get("preset", "original")
    every = content.get(EVERY, {})
    if not isinstance(seeds, list) or not all(type(seed) is int for seed in seeds):
        raise UserError(f"`seeds` (={str(seeds)[:60]}) must be a list of whole numbers")
    check_choice("seeds", seeds)
    if preset not in PRESETS:
        raise UserError(f"`preset` (={str(preset)[:60]}) must be {' or '.join(get_args(Preset))}")
    if not isinstance(every, dict):
        raise UserError(f"`{EVERY}` must be a table of settings: [{EVERY}]")
    contenders = {key: value for key, value in content.items() if key not in KEYS}
    if not contenders:
        raise UserError("no contender; give each a table, as [mlp]")
    configs = []
    for contender, tables in contenders.items():
        for table in tables if isinstance(tables, list) else [tables]:
            if not isinstance(table, dict):
                raise UserError(
                    f"`{contender}` must be a table of settings, [{contender}], or one of "
                    f"{', '.join(KEYS)}"
                )
            configs += _product(contender, preset, {**every, **table})
            if len(configs) * len(seeds) > MAX_RUNS:
                raise UserError(TOO_MANY)
    _check_apart(configs)
    for seed in seeds:
        replace(configs[0][2], seed=seed)  # a seed that no configuration takes shows here
    return Campaign(name, tuple(seeds), tuple(configs))


def _product(
    contender: str, preset: Preset, settings: dict[str, Any]
) -> list[tuple[str, str, Config]]:
    """A configuration for every combination of listed values."""
    name, engine = parse(contender)
    kind = find(name)
    if engine is not None:
        settings = {**settings, "engine": engine}
    for key, value in settings.items():
        if key in ELSEWHERE:
            raise UserError(f"[{contender}] `{key}` has no place here; {ELSEWHERE[key]}")
        if isinstance(value, list):
            check_choice(f"[{contender}] {key}", value)
    listed = {key: value for key, value in settings.items() if isinstance(value, list)}
    single = {key: value for key, value in settings.items() if key not in listed}
    if math.prod(map(len, listed.values())) > MAX_RUNS:
        raise UserError(TOO_MANY)
    base = preset_fields(kind, preset)
    found = []
    for values in itertools.product(*listed.values()):
        varied = dict(zip(listed, values, strict=True))
        try:
            config = from_plain(kind.config_type, override_preset(kind, base, {**single, **varied}))
        except (UserError, TypeError) as error:
            raise UserError(f"[{contender}] {one_line(error, 400)}") from error
        found.append((name, settings_label(varied), config))
    return found


def _check_apart(configs: list[tuple[str, str, Config]]) -> None:
    seen: set[tuple[str, str]] = set()
    for name, label, config in configs:
        contender = Entry(name, config).label
        if (contender, label) in seen:
            what = f"the configuration {label}" if label else "one configuration"
            raise UserError(
                f"[{contender}] has {what} twice; tell them apart by listed values, "
                "as n_hidden = [256]"
            )
        seen.add((contender, label))
