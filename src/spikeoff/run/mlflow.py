"""A run for MLflow: its settings, metrics and test accuracy in a SQLite database.

The database is in the folder of the run, or where ``MLFLOW_TRACKING_URI`` says. Nothing is sent:
the database is on this machine, and MLflow's reports on its use are off. A resumed run goes on with
its entry; where an epoch was trained again, MLflow shows the later values.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from spikeoff.errors import UserError, one_line
from spikeoff.extras import import_extra
from spikeoff.run.metrics_file import Row
from spikeoff.run.signals import Interrupted
from spikeoff.run.tracker import Description, Tracker

DATABASE, SCHEME = "mlflow.db", "sqlite:///"
STORE = "MLFLOW_TRACKING_URI"
EXPERIMENT = "spikeoff"
FOLDER = "spikeoff.folder"
"""The tag by which a resumed run finds its entry."""


class MLflow(Tracker):
    """Keeps the entry of a run up to date."""

    @staticmethod
    def check() -> None:
        """Raise if the extra ``mlflow`` is missing, or if the store is a server."""
        _import()
        store(Path())

    def __init__(self, folder: Path, description: Description) -> None:
        self._mlflow, uri = _import(), store(folder)
        tags = {name: str(value) for name, value in description.tags.items()}
        tags[FOLDER] = folder.absolute().as_uri()
        with self._explained(), _alone(uri):
            self._client = self._mlflow.MlflowClient(uri)
            experiment = self._client.get_experiment_by_name(EXPERIMENT)
            number = experiment.experiment_id if experiment else None
            number = number or self._client.create_experiment(EXPERIMENT)
            found = self._client.search_runs([number], f"tags.`{FOLDER}` = '{tags[FOLDER]}'")
            if found:
                self._run = found[0].info.run_id
                self._client.update_run(self._run, "RUNNING")
                return
            entry = self._client.create_run(number, tags=tags, run_name=description.title)
            self._run = entry.info.run_id
            parameter = self._mlflow.entities.Param
            settings = description.settings.items()
            self._client.log_batch(
                self._run, params=[parameter(name, str(value)) for name, value in settings]
            )

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        status = "FINISHED" if kind is None else "FAILED"
        if kind is not None and issubclass(kind, Interrupted):
            status = "KILLED"
        # What ended the run says more than a database that is gone with it.
        with nullcontext() if kind is None else suppress(UserError), self._explained():
            self._client.set_terminated(self._run, status)

    def epoch(self, row: Row) -> None:
        """Write its metrics.

        Raises:
            UserError: the database cannot be written.
        """
        values = {name: value for name, value in row.items() if value is not None}
        self._write(values, int(values.pop("epoch", 0)))

    def tested(self, accuracy: float, epoch: int) -> None:
        """Write the accuracy."""
        self._write({"test_accuracy": accuracy}, epoch)

    def _write(self, values: dict[str, float], epoch: int) -> None:
        metric, now = self._mlflow.entities.Metric, int(1000 * time.time())
        metrics = [metric(name, value, now, epoch) for name, value in values.items()]
        with self._explained():
            self._client.log_batch(self._run, metrics=metrics)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in one line what MLflow says."""
        try:
            yield
        except self._mlflow.exceptions.MlflowException as error:
            raise UserError(f"--tracker mlflow: {one_line(error)}") from error


def store(folder: Path) -> str:
    """The URI of the database for the run in a folder.

    Raises:
        UserError: it is no database on this machine.
    """
    given = os.environ.get(STORE)
    if not given:
        return SCHEME + (folder.absolute() / DATABASE).as_posix()
    if not given.startswith(SCHEME):
        raise UserError(
            f"{STORE} (={given}) must be a SQLite database such as sqlite:///mlflow.db, since runs "
            f"send nothing; unset it for a {DATABASE} in the folder of each run"
        )
    return given


def _alone(uri: str) -> Any:
    """A lock while a database that several runs share may be made."""
    return FileLock(uri.removeprefix(SCHEME) + ".lock") if os.environ.get(STORE) else nullcontext()


def _import() -> Any:
    """MLflow, which reports nothing on its use, and does not tell how it makes a database."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for module in ("sqlalchemy", "alembic"):
        import_extra("mlflow", module)
    return import_extra("mlflow", "mlflow")
