"""``spikeoff search``: from flags to a study, its results and their figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import tyro

from spikeoff.console import output_console
from spikeoff.contenders.base import Config, require
from spikeoff.contenders.effects import Effect, effects
from spikeoff.contenders.flags import config_file, parse_flags
from spikeoff.contenders.presets import preset_config
from spikeoff.contenders.registry import find, names, parse
from spikeoff.contenders.settings_file import read_settings
from spikeoff.data import load_dataset, split
from spikeoff.errors import UserError
from spikeoff.experiments.search import space as spaces
from spikeoff.experiments.search.settings import PrunerName, SamplerName, Settings
from spikeoff.experiments.search.trial import without_test
from spikeoff.files import write_text
from spikeoff.ledger.environment import available_cores
from spikeoff.run.folder import plain, read_json

SEARCH = "search.json"
DATABASE = "search.db"
MAX_TRIALS = 100_000
MAX_WORKERS = 256

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


@dataclass(frozen=True)
class Search:
    """A search as it is begun, or gone on with, on this machine."""

    url: str
    study: str
    total: int
    workers: int
    folder: Path
    machine: dict[str, Any]


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
    _check_installed()
    if any(flag.partition("=")[0] == "--resume" for flag in given):
        flags = given[1:] if given[0] in names() else given
        search = tyro.cli(_resumed, args=flags, prog="spikeoff search", use_underscores=True)
        _run(search, None)
    else:
        (name, engine), flags = parse(given[0]), given[1:]
        _run(*_begun(name, [*(() if engine is None else ("--engine", engine)), *flags]))
    return 0


def _check_installed() -> None:
    try:
        import optuna  # noqa: F401, PLC0415
    except ImportError as error:
        raise UserError(
            "spikeoff search needs Optuna, which is not installed here; install spikeoff with its "
            "extra: pip install 'spikeoff[search]'"
        ) from error


def _begun(name: str, flags: Sequence[str]) -> tuple[Search, Settings]:
    """A search by its flags; nothing has been written, and nothing is known to be wrong."""
    kind = find(name)
    config_type = kind.config_type
    path = config_file(flags)
    defaults = _of_quick(name) | (read_settings(path, name, config_type) if path else {})
    own, values = parse_flags(
        SearchFlags, config_type, flags, prog=f"spikeoff search {name}", defaults=defaults
    )
    config = config_type(**values)
    _check(own, config)
    space = _space(own, name, values, defaults)
    dataset = without_test(load_dataset(config.mnist_path))
    split(dataset, seed=config.seed, n_validation=config.n_validation, n_train=config.n_train)
    kind(config)  # refuses what it cannot be: a device that is not here, weights that are missing
    folder = config.save_path or Path("runs") / f"search-{name}_{datetime.now():%Y-%m-%d_%H-%M-%S}"
    settings = Settings(
        contender=name,
        config=_given(config_type, values),
        space=space,
        seeds=own.seeds or (config.seed,),
        sampler=own.sampler,
        pruner=own.pruner,
        data=dataset.sha256(),
    )
    machine = {"num_threads": config.num_threads, "device": config.device,
               "mnist_path": config.mnist_path}  # fmt: skip
    url = own.storage or _own_database(folder)
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
    n = own.n_trials
    require("n_trials", n, 1 <= n <= MAX_TRIALS, f"from 1 to {MAX_TRIALS}")
    require("workers", own.workers, 1 <= own.workers <= MAX_WORKERS, f"from 1 to {MAX_WORKERS}")
    for seed in own.seeds:
        config.__class__(seed=seed)
        if own.seeds.count(seed) > 1:
            raise UserError(f"`seeds` names {seed} twice; once is enough")
    if config.n_validation == 0:
        raise UserError("`n_validation` (=0) must be above 0: a search steers by validation images")
    if getattr(config, "test_mode", False):
        raise UserError("`test_mode` trains nothing, and a search never looks at test images; "
                        "leave it out")  # fmt: skip
    if own.vary and own.space:
        raise UserError("--vary and --space both tell the space; leave one of them out")


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
        before = {**_raw_defaults(kind.config_type), **defaults}
        fixed = {field for field, value in values.items() if value != before[field]}
        chosen = {field: text for field, text in kind.search_space.items() if field not in fixed}
        if not chosen:
            raise UserError(f"nothing is left to vary for {name}; tell what is: --vary "
                            "FIELD=LOW..HIGH")  # fmt: skip
        found = spaces.from_content(chosen, kind.config_type)
    spaces.check(found, kind.config_type, values)
    return found


def _raw_defaults(kind: type[Config]) -> dict[str, Any]:
    """The defaults as the fields have them, before anything follows from them."""
    return {one.name: None if one.default is MISSING else one.default for one in fields(kind)}


def _given(kind: type[Config], values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that decide results and are not the defaults, as JSON has them."""
    defaults, effect = _raw_defaults(kind), effects(kind)
    return {
        name: plain(value)
        for name, value in values.items()
        if value != defaults[name] and effect[name] in (Effect.RESULT, Effect.SEED)
    }


def _resumed(
    resume: Path,
    n_trials: int | None = None,
    workers: int | None = None,
    num_threads: int | None = None,
    device: Device | None = None,
    storage: str | None = None,
) -> Search:
    """Go on with a search that was stopped, or give it more trials.

    Args:
        resume: folder of the search.
        n_trials: trials of the study in all; as many as before by default.
        workers: trials at a time on this machine.
        num_threads: CPU threads of all of them together.
        device: where to compute from now on.
        storage: URL of the database, where it needs a password, which no file keeps.
    """
    path = resume / SEARCH
    if not path.is_file():
        raise UserError(f"{resume}: no search in this folder ({SEARCH} is missing)")
    held = read_json(path)
    try:
        machine = {name: held["machine"][name] for name in ("num_threads", "device", "mnist_path")}
        url, study = str(held["storage"] or ""), str(held["study"])
        total, size = int(held["n_trials"]), int(held["workers"])
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not the file of a search; start it again in another folder"
                        ) from error  # fmt: skip
    total, size = n_trials or total, workers or size
    require("n_trials", total, 1 <= total <= MAX_TRIALS, f"from 1 to {MAX_TRIALS}")
    require("workers", size, 1 <= size <= MAX_WORKERS, f"from 1 to {MAX_WORKERS}")
    changes = {"num_threads": num_threads, "device": device}
    machine |= {name: value for name, value in changes.items() if value is not None}
    url = storage or url or _own_database(resume)
    return Search(url, study, total, size, resume, machine)


def _run(search: Search, settings: Settings | None) -> None:
    """Open the study, run its trials, and tell what came of it."""
    from spikeoff.experiments.search.figures import write_figures  # noqa: PLC0415
    from spikeoff.experiments.search.results import BEST, TRIALS, finished, table  # noqa: PLC0415
    from spikeoff.experiments.search.runner import SearchRunner  # noqa: PLC0415
    from spikeoff.experiments.search.study import (  # noqa: PLC0415
        SharedStudy,
        create_or_join,
        open_storage,
        read_settings,
    )
    from spikeoff.experiments.search.worker import Machine  # noqa: PLC0415
    from spikeoff.experiments.search.worker_pool import WorkerPool  # noqa: PLC0415

    threads = search.machine["num_threads"] or max(1, available_cores() // search.workers)
    machine = Machine(**{**search.machine, "num_threads": threads})
    if search.url == _own_database(search.folder):
        _make(search.folder)
    storage = open_storage(search.url)
    if settings is not None:
        study = create_or_join(storage, search.study, settings)
    else:
        held = read_settings(storage, search.study)
        if held is None:
            raise UserError(f"study {search.study!r} was not made whole; start it again")
        study = SharedStudy(storage, search.study, held)
    _write_search(search)
    crew = WorkerPool(search.url, search.study, search.total, search.workers, machine)
    SearchRunner(study, search.total, crew, machine, search.folder).conduct()
    done = finished(study, search.total)
    console = output_console()
    console.print(table(study, done))
    figures = write_figures(study, done, search.folder)
    for path in (search.folder / BEST, search.folder / TRIALS, *figures):
        console.print(str(path), highlight=False, soft_wrap=True)
    console.print(
        f"train with: spikeoff train {study.settings.contender} --config {search.folder / BEST}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made: {error.strerror}") from error


def _own_database(folder: Path) -> str:
    return f"sqlite:///{(folder / DATABASE).absolute()}"


def _write_search(search: Search) -> None:
    """Where the search's trials are, without a password, and what this machine does of it."""
    content = {
        "storage": _without_password(search),
        "study": search.study,
        "n_trials": search.total,
        "workers": search.workers,
        "machine": search.machine,
    }
    write_text(search.folder / SEARCH, json.dumps(content, indent=2) + "\n")


def _without_password(search: Search) -> str | None:
    """The URL of the database; None for the folder's own, which moves with it."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415

    if search.url == _own_database(search.folder):
        return None
    return make_url(search.url).set(password=None).render_as_string()
