"""A run's folder, and who may write to it.

    config.json          every hyperparameter
    <metrics>.csv        one row per epoch
    <log>.log            what happened when
    summary.json         the record; written last, so that a folder with one is a finished run
    predictions.npz      ids, labels and scores of the test images
    weights.safetensors  what was learned
    weights.npz          the same of a pretrained network, rounded (run.learned)
    model.keras          the network, of engine tensorflow
    raster.npz           spikes of a few test images, of spiking contenders (contenders.raster)
    anytime.csv          accuracy and cost after every so many steps, of spiking contenders
    tensorboard/         metrics for TensorBoard, with --tracker tensorboard
    mlflow.db            settings and metrics for MLflow, with --tracker mlflow
    robustness.json      accuracy under corruption, once spikeoff robust has measured it
    figures              confusion matrix and training analysis
    checkpoint-[ab].safetensors   an unfinished run continues from these; removed at the end
    run.lock             held while a process writes to the folder

Names in angle brackets differ by contender. Every file but the log, which grows, is written
whole or not at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from spikeoff.data.tensors import write_tensors
from spikeoff.errors import UserError, one_line
from spikeoff.files import TEMPORARY, whole_file
from spikeoff.run.json_files import plain, write_json
from spikeoff.run.metrics_file import Row, write_metrics

if TYPE_CHECKING:
    from spikeoff.contenders.base import Config, State

CONFIG = "config.json"
SUMMARY = "summary.json"
PREDICTIONS = "predictions.npz"
WEIGHTS = "weights.safetensors"
PACKED_WEIGHTS = "weights.npz"
LOCK = "run.lock"
STARTED_IN = "started_in"
"""The key in ``config.json`` for the working directory of the run."""
ANYTIME = "anytime.csv"


class FolderLostError(UserError):
    """The folder that a run writes to is gone; the run cannot continue."""


class RunFolder:
    """A folder that a run writes to, and no other process meanwhile; a context manager.

    The lock is the system's: it goes with the process, however that ends.
    """

    def __init__(self, path: Path, *, resumed: bool = False) -> None:
        """Make the folder, or with ``resumed`` open that of an unfinished run.

        Raises:
            UserError: a run is in it already (or none), another process writes to it, or it
                cannot be made.
        """
        self.path = path
        self._check_content(resumed)
        try:
            path.mkdir(parents=True, exist_ok=True)
            found = path.stat()
        except OSError as error:
            raise UserError(f"{path}: cannot be made: {error.strerror}") from error
        self._identity = (found.st_dev, found.st_ino)
        self._lock = _lock(path / LOCK)
        try:
            self._check_content(resumed)
            if resumed:
                _remove_temporaries(path)
        except UserError:
            self.close()
            raise

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others write to the folder."""
        with contextlib.suppress(OSError):
            (self.path / LOCK).unlink(missing_ok=True)
        self._lock.release()

    def at(self, name: str) -> Path:
        """The path of a file in the folder.

        Raises:
            FolderLostError: the folder is no longer the one that the run began in.
        """
        self.check_in_place()
        return self.path / name

    def check_in_place(self) -> None:
        """Refuse to go on where the folder was moved or removed.

        Raises:
            FolderLostError: it was.
        """
        try:
            found = self.path.stat()
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._identity:
            raise FolderLostError(
                f"{self.path}: the folder was moved or removed while a run wrote to it; if it was "
                "moved, go on with --resume and its new name"
            )

    def _check_content(self, resumed: bool) -> None:
        if resumed and not (self.path / CONFIG).is_file():
            raise UserError(f"{self.path}: no run in this folder ({CONFIG} is missing)")
        for name in () if resumed else (SUMMARY, CONFIG):
            if (self.path / name).exists():
                raise UserError(f"{self.path}: holds a run already ({name}); name another folder")

    def write_config(self, contender: str, config: Config) -> None:
        """Every hyperparameter, whose they are, and from where their paths go."""
        content = {"contender": contender, STARTED_IN: str(Path.cwd()), **plain(config)}
        write_json(self.at(CONFIG), content)

    def write_metrics(self, name: str, rows: Sequence[Row]) -> None:
        """All rows so far; a column for every key that any row has."""
        write_metrics(self.at(name), rows)

    def write_predictions(
        self,
        ids: NDArray[np.int64],
        labels: NDArray[np.uint8],
        scores: NDArray[np.float32],
    ) -> None:
        """The test images' answers, for later comparison image by image."""
        with whole_file(self.at(PREDICTIONS)) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, ids=ids, labels=labels, scores=scores)

    def write_weights(self, state: State) -> None:
        """What was learned."""
        write_tensors(self.at(WEIGHTS), state)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """The record; it makes the run a finished one."""
        write_json(self.at(SUMMARY), summary)


def wait_until_free(folder: Path, seconds: float) -> None:
    """Wait until no other process writes to a run's folder.

    Raises:
        UserError: one still does, after so many seconds.
    """
    if folder.is_dir():
        _lock(folder / LOCK, seconds).release()


def _remove_temporaries(folder: Path) -> None:
    """Remove the parts of files that a process left when it was killed."""
    for path in folder.glob(TEMPORARY):
        with contextlib.suppress(OSError):
            path.unlink()


def _lock(path: Path, seconds: float = 0) -> FileLock:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=seconds)
    except Timeout as error:
        waited = f" and has for {seconds:g} s" if seconds else ""
        raise UserError(
            f"{path.parent}: another process writes to this folder{waited}; wait for it, stop it, "
            "or name another folder"
        ) from error
    except (OSError, NotImplementedError) as error:
        raise UserError(f"{path.parent}: cannot be written: {one_line(error)}") from error
    return lock
