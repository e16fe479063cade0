"""The trained network of a finished run, restored from its folder."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from spikeoff.contenders.base import Config, Contender
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.data import Dataset, load_dataset
from spikeoff.errors import UserError, one_line
from spikeoff.run.folder import CONFIG
from spikeoff.run.learned import read_state
from spikeoff.run.run_record import RunRecord, read_config, read_run


def load_trained(folder: Path, num_threads: int | None = None) -> tuple[Contender, Dataset]:
    """The network as it was trained, on the CPU and on our engine, with its data set.

    Raises:
        UserError: there is no finished run, a file of it is missing or damaged, or its data set has
            changed.
    """
    record = read_run(folder)
    return load_network(record, num_threads), load_data(record)


def load_data(record: RunRecord) -> Dataset:
    """The data set of a run.

    Raises:
        UserError: it is gone, or its images are others now.
    """
    _, config = _configured(record.folder)
    dataset = load_dataset(config.mnist_path)
    if dataset.sha256() != record.summary["data"]["sha256"]:
        raise UserError(
            f"{record.folder}: the images of {config.mnist_path!r} are not those of the run; run "
            "it again"
        )
    return dataset


def load_network(record: RunRecord, num_threads: int | None = None) -> Contender:
    """The network of a run as it was trained, on the CPU and on our engine; without its data.

    Raises:
        UserError: a file of the run is missing or damaged.
    """
    folder = record.folder
    name, config = _configured(folder)
    config = replace(config, **_here(name, config), num_threads=num_threads)
    state = read_state(folder)
    contender = find(name)(config, record.spec)
    try:
        contender.restore(state)
    except (KeyError, ValueError, RuntimeError, TypeError, IndexError) as error:
        raise UserError(
            f"{folder}: its weights do not fit the network of {CONFIG} ({one_line(error)}); "
            "run it again"
        ) from error
    return contender


def _configured(folder: Path) -> tuple[str, Config]:
    """Whose run it is, and its settings, with paths that lead somewhere from here."""
    name, content, started_in = read_config(folder)
    try:
        return name, from_plain(find(name).config_type, content).moved(started_in)
    except UserError as error:
        raise UserError(f"{folder / CONFIG}: {error}") from error


def spread_rows(n: int, wanted: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """``wanted`` of ``n`` rows, evenly spread; all of them where there are no more."""
    wanted = min(n, wanted)
    return np.arange(wanted, dtype=np.int64) * n // wanted


def _here(name: str, config: Any) -> dict[str, Any]:
    """Settings that say where to compute and from what to start: not what was trained."""
    changes: dict[str, Any] = {"device": "cpu"}
    known = {one.name for one in fields(config)}
    if name in BUILT_IN and "engine" in known:
        changes["engine"] = "native"
    return changes | {key: None for key in ("data_path", "resume_from") if key in known}
