"""What runs: the runs of a campaign, and the file in its folder that keeps them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec

from spikeoff.contenders.base import Config
from spikeoff.contenders.family_sizes import family_networks
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.presets import Preset, labelled_config, shared_settings
from spikeoff.contenders.registry import find, folder_name, label, parse
from spikeoff.contenders.twins import added_twins
from spikeoff.errors import UserError
from spikeoff.run.json_files import plain, read_json, write_json

RACE = "race.json"

PLACE_PART = re.compile(r"[A-Za-z0-9@=,+_][A-Za-z0-9@=,+_.-]*")
"""How a folder in a campaign may be called."""

LABEL = re.compile(r"[A-Za-z0-9@=,+_][A-Za-z0-9@=,+_.-]{0,79}")
"""How the folder of a configuration may be called; others get a digest."""

MAX_PARTS, MAX_PART = 4, 120


@dataclass(frozen=True)
class Entry:
    """One run.

    contender: who learns.
    config: how; its ``save_path`` is the run's folder.
    folder: that folder within the campaign's; ``<label>/seed-<n>`` where empty.
    """

    contender: str
    config: Config
    folder: str = ""

    @property
    def place(self) -> str:
        """The run's folder within the campaign's, such as ``mlp/seed-0``."""
        return self.folder or f"{folder_name(self.label)}/seed-{self.config.seed}"

    @property
    def label(self) -> str:
        """Its name in the race."""
        return label(self.contender, getattr(self.config, "engine", None))

    @property
    def name(self) -> str:
        """What it is called: ``mlp seed 0``, ``mlp n_hidden=256 seed 0``."""
        middle = PurePosixPath(self.place).parts[1:-1]
        return " ".join((self.label, *middle, f"seed {self.config.seed}"))


@dataclass(frozen=True)
class _RunLine:
    """A run in ``race.json``; earlier versions left the place out."""

    contender: str
    config: dict[str, Any]
    place: str | None = None


@dataclass(frozen=True)
class _RaceFile:
    """The content of ``race.json``."""

    runs: Annotated[list[_RunLine], msgspec.Meta(min_length=1)]
    started_in: str
    energy_table: str | None = None


def check_place(place: object) -> str:
    """A folder's name within a campaign, which leads nowhere else.

    Raises:
        ValueError: it is none, or leads out of the campaign's folder.
    """
    parts = place.split("/") if isinstance(place, str) else []
    good = all(PLACE_PART.fullmatch(part) and len(part) <= MAX_PART for part in parts)
    if not parts or len(parts) > MAX_PARTS or not good:
        raise ValueError(f"{str(place)[:60]!r} is no folder of a run")
    return str(place)


def check_choice(what: str, chosen: Sequence[Any]) -> None:
    """Refuse an empty choice, and one that names something twice.

    Raises:
        UserError: it is.
    """
    if not chosen:
        raise UserError(f"`{what}` is empty; name at least one")
    twice = [one for one in chosen if list(chosen).count(one) > 1]
    if twice:
        raise UserError(f"`{what}` names {twice[0]} twice; once is enough")


def entries(
    contenders: Sequence[str],
    seeds: Sequence[int],
    preset: Preset,
    common: dict[str, Any],
    output: Path,
    *,
    twins: bool = False,
) -> list[Entry]:
    """The runs of a race, seed by seed, each into ``output/<label>/seed-<n>``.

    A contender may be named with an engine, as in ``mlp@tensorflow``. With ``twins``, the
    conventional twins of the spiking contenders follow, each into a folder that says its settings,
    such as ``mlp/hidden=1024/seed-0``.

    Raises:
        UserError: an unknown contender, one named twice, or a value that a configuration refuses.
    """
    contenders = [label(*parse(one)) for one in contenders]
    check_choice("contenders", contenders)
    check_choice("seeds", seeds)
    chosen = []
    for one in contenders:
        name, config = labelled_config(one, preset)
        for key in common:
            if not hasattr(config, key):
                raise UserError(f"{name} has no setting `{key}`; leave out one of the two")
        shared = shared_settings(config, common)
        chosen.append((name, replace(config, **shared), folder_name(one)))
    if twins:
        for twin in added_twins([one[:2] for one in chosen], preset, common):
            folder = "/".join(filter(None, (twin.contender, settings_label(twin.settings))))
            chosen.append((twin.contender, twin.config, folder))
    result = []
    for seed in seeds:
        for name, config, folder in chosen:
            place = f"{folder}/seed-{seed}"
            result.append(Entry(name, replace(config, seed=seed, save_path=output / place), place))
    return result


def front_entries(
    families: Sequence[str],
    seeds: Sequence[int],
    preset: Preset,
    common: Mapping[str, Any],
    output: Path,
) -> list[Entry]:
    """The runs of a front, seed by seed, each into ``output/<family>/<settings>/seed-<n>``.

    Raises:
        UserError: an unknown family, one named twice, or a value that a configuration refuses.
    """
    check_choice("families", families)
    check_choice("seeds", seeds)
    networks = [
        (family, f"{family}/{settings_label(settings)}", config)
        for family in families
        for settings, config in family_networks(family, preset, common)
    ]
    result = []
    for seed in seeds:
        for family, folder, config in networks:
            place = f"{folder}/seed-{seed}"
            config_here = replace(config, seed=seed, save_path=output / place)
            result.append(Entry(family, config_here, place))
    return result


def settings_label(varied: Mapping[str, Any]) -> str:
    """The name of a configuration's folder, from the values in which it differs."""
    name = ",".join(f"{key}={_value(value)}" for key, value in varied.items())
    if not name or LABEL.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{re.sub('[^A-Za-z0-9=,_]+', '_', name)[:60]}-{digest}"


def _value(value: Any) -> str:
    """512+256 for the sizes of layers; other values as they are."""
    return "+".join(map(str, value)) if isinstance(value, tuple) else str(value).lower()


def is_race(folder: Path) -> bool:
    """Whether a campaign was begun in ``folder``."""
    return (folder / RACE).is_file()


def read_race(folder: Path) -> tuple[list[Entry], Path | None]:
    """The runs of the race in ``folder``, and its energy table.

    Raises:
        UserError: there is none, or its ``race.json`` is damaged.
    """
    path = folder / RACE
    if not is_race(folder):
        raise UserError(f"{folder}: no race in this folder ({RACE} is missing)")
    race = read_json(path, _RaceFile)
    started_in = Path(race.started_in)
    result = []
    for run in race.runs:
        config = from_plain(find(run.contender).config_type, run.config).moved(started_in)
        try:
            place = Entry(run.contender, config).place if run.place is None else run.place
            place = check_place(place)
        except ValueError as error:
            raise UserError(f"{path}: {error}; start it again in another folder") from error
        result.append(Entry(run.contender, replace(config, save_path=folder / place), place))
    return result, None if race.energy_table is None else started_in / race.energy_table


def write_race(runs: Sequence[Entry], output: Path, energy_table: Path | None) -> None:
    """Keep the runs in the campaign's folder, for those who go on with it."""
    entries = [_RunLine(entry.contender, plain(entry.config), entry.place) for entry in runs]
    table = None if energy_table is None else str(energy_table)
    write_json(output / RACE, plain(_RaceFile(entries, str(Path.cwd()), table)))


def resumable_here(
    runs: Sequence[Entry], mnist_path: str | None = None, cores: int | None = None
) -> list[Entry]:
    """The same runs with no more threads than ``cores``, their data at ``mnist_path``, if given."""
    result = []
    for one in runs:
        changes: dict[str, Any] = {} if mnist_path is None else {"mnist_path": mnist_path}
        threads = one.config.num_threads
        if threads is not None and cores is not None:
            changes["num_threads"] = min(threads, cores)
        result.append(replace(one, config=replace(one.config, **changes)))
    return result


def with_threads(
    runs: Sequence[Entry], threads: int | None, before: Sequence[Entry] = ()
) -> list[Entry]:
    """The same runs; those that name no threads have these, or what they had ``before``."""
    had = {one.place: one.config.num_threads for one in before}
    return [
        replace(one, config=replace(one.config, num_threads=had.get(one.place, threads)))
        if one.config.num_threads is None
        else one
        for one in runs
    ]
