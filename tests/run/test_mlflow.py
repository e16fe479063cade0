"""Runs in MLflow, read back by its own client, and nothing sent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spikeoff.contenders.registry import find
from spikeoff.errors import UserError
from spikeoff.run import mlflow
from spikeoff.run.metrics_file import read_metrics
from spikeoff.run.run_record import read_run
from spikeoff.run.session import run
from spikeoff.run.signals import Interrupted
from spikeoff.run.tracker import Description
from tests import small_data

TRAIN = """
import atexit, json, sys

opened = []
SENDING = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
sys.addaudithook(lambda event, args: opened.append(event) if event in SENDING else None)
atexit.register(  # called last, after what MLflow does in the end
    lambda: print(json.dumps({"sent": opened, "mlflow": "mlflow" in sys.modules}))
)
from spikeoff.cli import main

sys.exit(main(sys.argv[1:]))
"""
CI = ("CI", "PYTEST_CURRENT_TEST", "GITHUB_ACTIONS")
"""MLflow sends nothing where it finds one of these."""


def test_a_server_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert mlflow.store(tmp_path) == f"sqlite:///{tmp_path.as_posix()}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///all.db")
    assert mlflow.store(tmp_path) == "sqlite:///all.db"
    for elsewhere in ("http://localhost:5000", "databricks", "postgresql://db/runs"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", elsewhere)
        with pytest.raises(UserError, match="must be a SQLite database"):
            mlflow.store(tmp_path)


def test_without_the_extra_a_run_does_not_begin(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setitem(sys.modules, "sqlalchemy", sys)
    monkeypatch.setitem(sys.modules, "alembic", sys)
    kind: Any = find("mlp")
    with pytest.raises(UserError, match=r"mlflow is not installed.*spikeoff\[mlflow\]"):
        run("mlp", kind.config_type(save_path=tmp_path / "run", tracker="mlflow"))
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.reference
def test_an_entry_has_what_the_run_recorded_and_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a process of its own, since MLflow sends nothing from within tests anyway."""
    client_of = pytest.importorskip("mlflow").MlflowClient
    pytest.importorskip("alembic")
    folder = tmp_path / "run"
    flags = [
        "--epochs", "2", "--hidden", "8", "--n_train", "200", "--n_validation", "50", "--seed", "3",
        "--num_threads", "1", "--timing_seconds", "0", "--energy_seconds", "0",
        "--mnist_path", small_data.path(), "--save_path", str(folder), "--tracker", "mlflow",
    ]  # fmt: skip
    quiet = (*CI, "MLFLOW_TRACKING_URI", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK")
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, "train", "mlp", *flags],
        capture_output=True, text=True, check=True, cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key not in quiet},
    )  # fmt: skip
    said = json.loads(done.stdout.splitlines()[-1])
    assert said == {"sent": [], "mlflow": True}, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]

    client = client_of(f"sqlite:///{folder}/mlflow.db")
    (entry,) = client.search_runs([client.get_experiment_by_name("spikeoff").experiment_id])
    summary = read_run(folder).summary
    assert entry.info.status == "FINISHED"
    assert entry.info.run_name == "mlp seed 3"
    assert entry.data.params["hidden"] == "[8]"
    assert entry.data.params.keys() == summary["config"].keys()
    assert entry.data.tags["contender"] == "mlp"
    assert entry.data.tags["seed"] == "3"
    assert entry.data.tags["git_revision"] == str(summary["git_revision"])
    assert entry.data.tags["data_sha256"] == summary["data"]["sha256"]
    assert entry.data.metrics["test_accuracy"] == summary["accuracy"]["test"]
    rows = read_metrics(folder / summary["files"]["metrics"])
    for name in ("validation_accuracy", "train_loss"):
        history = sorted(client.get_metric_history(entry.info.run_id, name), key=lambda m: m.step)
        assert [one.step for one in history] == [1, 2]
        assert [one.value for one in history] == pytest.approx([row[name] for row in rows], 1e-6)

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
    resumed = mlflow.MLflow(folder, Description("mlp seed 3", {"epochs": 9}, {}))
    assert client.get_run(entry.info.run_id).info.status == "RUNNING"
    with pytest.raises(Interrupted), resumed:
        raise Interrupted(signal.SIGINT)
    (entry,) = client.search_runs([entry.info.experiment_id])
    assert entry.info.status == "KILLED"
    assert entry.data.params["epochs"] == "2"
