"""``spikeoff search``: from flags to a study, its results and their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import tyro

from spikeoff.console import output_console
from spikeoff.contenders.base import Config
from spikeoff.contenders.flags import config_file, parse_flags
from spikeoff.contenders.presets import fitting, preset_config
from spikeoff.contenders.registry import find, names, parse
from spikeoff.contenders.settings_file import read_settings
from spikeoff.data import load_dataset, split
from spikeoff.errors import UserError
from spikeoff.experiments.search import space as spaces
from spikeoff.experiments.search.search_file import (
    Search,
    check_counts,
    own_database,
    read_search,
)
from spikeoff.experiments.search.settings import (
    Machine,
    PrunerName,
    SamplerName,
    Settings,
    changed_settings,
    raw_defaults,
)
from spikeoff.experiments.search.trial import without_test
from spikeoff.flag_parsing import defer, run_parser

Device = Literal["auto", "cpu", "cuda", "mps"]


@dataclass(frozen=True, kw_only=True)
class SearchFlags:
    """What ``search`` takes beside the contender's settings."""

    vary: tuple[str, ...] = ()
    """What is varied: FIELD=LOW..HIGH, FIELD=log:LOW..HIGH, FIELD=LOW..HIGH:STEP or
    FIELD=ONE,OTHER; a few fields that matter by default."""
    space: Path | None = None
    """TOML file with the same, one line a field."""
    n_trials: int = 50
    """Trials of the study in all, those of other workers and of earlier calls among them."""
    sampler: SamplerName = "tpe"
    """Who proposes: tree-structured Parzen estimators, a Gaussian process, or chance."""
    pruner: PrunerName = "median"
    """What ends a trial early, by its validation accuracy after each epoch."""
    seeds: tuple[int, ...] = ()
    """A trial trains once for each and is judged by the mean; the seed alone by default."""
    workers: int = 1
    """Trials at a time on this machine, which share its cores."""
    storage: str | None = None
    """Database of the trials by URL, such as postgresql+psycopg://USER@HOST/NAME; search.db in
    save_path by default."""
    study: str | None = None
    """Name in the database, by which workers elsewhere join; the contender's by default."""
    config: Path | None = None
    """TOML file with settings to begin from; flags override it."""


def run_search(given: list[str]) -> int:
    """``search CONTENDER`` or ``search --resume DIR``."""
    if not given or given[0] in ("-h", "--help"):
        print(  # noqa: T201
            "usage: spikeoff search CONTENDER [flags]\n"
            "       spikeoff search --resume DIR [--n_trials N] [--workers N] [--num_threads N]\n\n"
            f"CONTENDER is one of: {', '.join(names())}\n"
            "Its flags: spikeoff search CONTENDER --help\n"
            "DIR is the folder of a search that was stopped, or that is to have more trials"
        )
        return 0
    check_installed()
    if any(flag.partition("=")[0] == "--resume" for flag in given):
        flags = given[1:] if given[0] in names() else given
        resumed, command = defer(_resumed_search), "spikeoff search"
        search = run_parser(
            lambda: tyro.cli(resumed, args=flags, prog=command, use_underscores=True), command
        )
        _finish(search(), None)
    else:
        (name, engine), flags = parse(given[0]), given[1:]
        _finish(*_new_search(name, [*(() if engine is None else ("--engine", engine)), *flags]))
    return 0


def check_installed() -> None:
    """Refuse to search without Optuna.

    Raises:
        UserError: it is not installed.
    """
    try:
        import optuna  # noqa: F401, PLC0415
    except ImportError as error:
        raise UserError(
            "spikeoff search needs Optuna, which is not installed here; install spikeoff with its "
            "extra: pip install 'spikeoff[search]'"
        ) from error


def _new_search(name: str, flags: Sequence[str]) -> tuple[Search, Settings]:
    """A search from its flags, which have been checked; nothing has been written yet."""
    kind = find(name)
    config_type = kind.config_type
    path = config_file(flags)
    quick, held = _of_quick(name), read_settings(path, name, config_type) if path else {}
    defaults = quick | held
    own, values = parse_flags(
        SearchFlags, config_type, flags, prog=f"spikeoff search {name}", defaults=defaults
    )
    of_preset = {k for k, value in quick.items() if k not in held and values[k] == value}
    for field in of_preset & set(config_type.unused_settings(values)):
        values[field] = raw_defaults(config_type)[field]
    config = config_type(**values)
    _check(own, config)
    space = _space(own, name, values, defaults)
    dataset = without_test(load_dataset(config.mnist_path))
    config = fitting(config, len(dataset.train))
    values["n_train"] = config.n_train
    split(dataset, seed=config.seed, n_validation=config.n_validation, n_train=config.n_train)
    kind(config)  # refuses what it cannot be: a device that is not here, weights that are missing
    folder = config.save_path or Path("runs") / f"search-{name}_{datetime.now():%Y-%m-%d_%H-%M-%S}"
    settings = Settings(
        contender=name,
        config=changed_settings(config_type, values),
        space=space,
        seeds=own.seeds or (config.seed,),
        sampler=own.sampler,
        pruner=own.pruner,
        data=dataset.sha256(),
    )
    machine = Machine(config.num_threads, config.device, config.mnist_path)
    url = own.storage or own_database(folder)
    return Search(url, own.study or name, own.n_trials, own.workers, folder, machine), settings


def _of_quick(name: str) -> dict[str, Any]:
    """The settings of the quick preset where they are not the defaults: a search is many runs."""
    kind = find(name)
    quick = preset_config(kind, "quick")
    return {
        field.name: getattr(quick, field.name)
        for field in fields(kind.config_type)
        if getattr(quick, field.name) != getattr(kind.config_type(), field.name)
    }


def _check(own: SearchFlags, config: Config) -> None:
    """Refuse what no search can be."""
    check_counts(own.n_trials, own.workers)
    for seed in own.seeds:
        config.__class__(seed=seed)
        if own.seeds.count(seed) > 1:
            raise UserError(f"`seeds` names {seed} twice; once is enough")
    if config.n_validation == 0:
        raise UserError("`n_validation` (=0) must be above 0: a search needs validation images")
    if getattr(config, "test_mode", False):
        raise UserError("`test_mode` trains nothing, and a search never looks at test images; "
                        "leave it out")  # fmt: skip
    if own.vary and own.space:
        raise UserError("--vary and --space both define the space; leave one of them out")


def _space(
    own: SearchFlags, name: str, values: Mapping[str, Any], defaults: Mapping[str, Any]
) -> spaces.Space:
    """The space, every end of which the configuration accepts."""
    kind = find(name)
    if own.space is not None:
        found = spaces.from_file(own.space, kind.config_type)
    elif own.vary:
        found = spaces.from_flags(own.vary, kind.config_type)
    else:
        before = {**raw_defaults(kind.config_type), **defaults}
        fixed = {field for field, value in values.items() if value != before[field]}
        left = fixed.union(kind.config_type.unused_settings(values))
        chosen = {field: text for field, text in kind.search_space.items() if field not in left}
        if not chosen:
            raise UserError(f"nothing is left to vary for {name}; name it by --vary "
                            "FIELD=LOW..HIGH")  # fmt: skip
        found = spaces.from_content(chosen, kind.config_type)
    spaces.check(found, kind.config_type, values)
    return found


def _resumed_search(
    resume: Path,
    n_trials: int | None = None,
    workers: int | None = None,
    num_threads: int | None = None,
    device: Device | None = None,
    storage: str | None = None,
) -> Search:
    """Continue a search that was stopped, or give it more trials.

    Args:
        resume: folder of the search.
        n_trials: trials of the study in all; as many as before by default.
        workers: trials at a time on this machine.
        num_threads: CPU threads of all of them together.
        device: where to compute from now on.
        storage: URL of the database, where it needs a password, which no file keeps.
    """
    held = read_search(resume)
    machine = replace(
        held.machine,
        num_threads=num_threads or held.machine.num_threads,
        device=device or held.machine.device,
    )
    search = replace(
        held,
        url=storage or held.url,
        n_trials=n_trials or held.n_trials,
        workers=workers or held.workers,
        machine=machine,
    )
    check_counts(search.n_trials, search.workers)
    return search


def _finish(search: Search, settings: Settings | None) -> None:
    """Run the trials of the study, and report the results."""
    from spikeoff.experiments.search.figures import write_figures  # noqa: PLC0415
    from spikeoff.experiments.search.launch import run  # noqa: PLC0415
    from spikeoff.experiments.search.results import BEST, TRIALS, finished, table  # noqa: PLC0415

    study = run(search, settings)
    done = finished(study, search.n_trials)
    console = output_console()
    console.print(table(study, done))
    figures = write_figures(study, done, search.folder)
    for path in (search.folder / BEST, search.folder / TRIALS, *figures):
        console.print(str(path), highlight=False, soft_wrap=True)
    console.print(
        f"train with: spikeoff train {study.settings.contender} --config {search.folder / BEST}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
