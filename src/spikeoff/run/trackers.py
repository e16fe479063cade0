"""The trackers of a run by name."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

import spikeoff
from spikeoff.contenders.base import Config
from spikeoff.data import Dataset
from spikeoff.ledger.environment import git_revision
from spikeoff.run.json_files import plain
from spikeoff.run.mlflow import MLflow
from spikeoff.run.tensorboard import TensorBoard
from spikeoff.run.tracker import Description, Tracker

TRACKERS: dict[str, type[Tracker]] = {"tensorboard": TensorBoard, "mlflow": MLflow}


def check_tracker(config: Config) -> None:
    """Raise before a run begins if its tracker could not write.

    Raises:
        UserError: an extra is missing, or a setting is wrong.
    """
    if config.tracker is not None:
        TRACKERS[config.tracker].check()


def open_tracker(
    config: Config, folder: Path, name: str, title: str, dataset: Dataset
) -> AbstractContextManager[Tracker | None]:
    """The tracker of a run, if it has one."""
    if config.tracker is None:
        return nullcontext()
    tags = {
        "contender": name,
        "seed": config.seed,
        "version": spikeoff.__version__,
        "git_revision": git_revision(),
        "data": dataset.name,
        "data_sha256": dataset.sha256(),
    }
    return TRACKERS[config.tracker](folder, Description(title, plain(asdict(config)), tags))
