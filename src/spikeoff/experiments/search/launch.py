"""A search from its settings to its end, in its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spikeoff.errors import UserError
from spikeoff.experiments.search.runner import SearchRunner
from spikeoff.experiments.search.search_file import Search, own_database, write_search
from spikeoff.experiments.search.settings import Settings
from spikeoff.experiments.search.study import (
    SharedStudy,
    create_or_join,
    open_storage,
    read_settings,
)
from spikeoff.experiments.search.worker_pool import WorkerPool
from spikeoff.ledger.environment import default_threads


def run(
    search: Search, settings: Settings | None, first: Sequence[Mapping[str, Any]] = ()
) -> SharedStudy:
    """Run the trials of a study that are left, and return the study.

    Args:
        search: where the study is, and this machine's share of it.
        settings: of the study; None for one that exists.
        first: values of the first trials, where the sampler does not choose them.

    Raises:
        UserError: there is no such study, or one of something else.
        Interrupted: the search was asked to stop; it can continue from its folder.
    """
    threads = search.machine.num_threads or max(1, default_threads() // search.workers)
    machine = replace(search.machine, num_threads=threads)
    if search.url == own_database(search.folder):
        _make(search.folder)
    storage = open_storage(search.url)
    if settings is not None:
        study = create_or_join(storage, search.study, settings)
    else:
        held = read_settings(storage, search.study)
        if held is None:
            raise UserError(f"study {search.study!r} was not made whole; start it again")
        study = SharedStudy(storage, search.study, held)
    for values in first:
        study.study.enqueue_trial(dict(values), skip_if_exists=True)
    write_search(search)
    pool = WorkerPool(search.url, search.study, search.n_trials, search.workers, machine)
    SearchRunner(study, search.n_trials, pool, machine, search.folder).run()
    return study


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made: {error.strerror}") from error
