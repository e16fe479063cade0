"""``search.json`` in a search's folder: where its trials are, and this machine's share of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spikeoff.contenders.base import require
from spikeoff.errors import UserError
from spikeoff.experiments.search.settings import Machine
from spikeoff.run.json_files import plain, read_json, write_json

SEARCH = "search.json"
DATABASE = "search.db"

MAX_TRIALS = 100_000
MAX_WORKERS = 256


@dataclass(frozen=True)
class Search:
    """A search on this machine.

    url: of the database with the study's trials.
    study: name of the study in that database.
    n_trials: trials of the study in all.
    workers: trials at a time on this machine.
    folder: where results go.
    machine: what may differ from machine to machine.
    """

    url: str
    study: str
    n_trials: int
    workers: int
    folder: Path
    machine: Machine


@dataclass(frozen=True)
class _SearchFile:
    """The content of ``search.json``; storage is null for the database in the same folder."""

    storage: str | None
    study: str
    n_trials: int
    workers: int
    machine: Machine


def check_counts(n_trials: int, workers: int) -> None:
    """Refuse numbers of trials and of workers that no search can have."""
    require("n_trials", n_trials, 1 <= n_trials <= MAX_TRIALS, f"from 1 to {MAX_TRIALS}")
    require("workers", workers, 1 <= workers <= MAX_WORKERS, f"from 1 to {MAX_WORKERS}")


def own_database(folder: Path) -> str:
    """The URL of the database in a search's folder."""
    return f"sqlite:///{(folder / DATABASE).absolute()}"


def read_search(folder: Path) -> Search:
    """The search in ``folder``.

    Raises:
        UserError: there is none, or its file is damaged.
    """
    path = folder / SEARCH
    if not path.is_file():
        raise UserError(f"{folder}: no search in this folder ({SEARCH} is missing)")
    held = read_json(path, _SearchFile)
    url = held.storage or own_database(folder)
    return Search(url, held.study, held.n_trials, held.workers, folder, held.machine)


def write_search(search: Search) -> None:
    """Write the file, without the database's password."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415 (an extra)

    storage = None
    if search.url != own_database(search.folder):
        storage = make_url(search.url).set(password=None).render_as_string()
    held = _SearchFile(storage, search.study, search.n_trials, search.workers, search.machine)
    write_json(search.folder / SEARCH, plain(held))
