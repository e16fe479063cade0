"""Runs in processes of this machine."""

from __future__ import annotations

import signal
from pathlib import Path

from filelock import FileLock

from spikeoff.contenders.gradient.mlp import MLPConfig
from spikeoff.experiments.campaign.identity import program
from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult
from spikeoff.experiments.campaign.local import _Child
from spikeoff.experiments.campaign.plan import Entry
from spikeoff.run.folder import LOCK
from tests import small_data


def test_a_run_that_is_stopped_before_it_begins_ends_in_order(tmp_path: Path) -> None:
    """By itself, not by the signal, which would leave locks of libraries behind."""
    (tmp_path / "here").mkdir()
    entry = Entry("mlp", MLPConfig(mnist_path=small_data.path()), "here")
    output = str(tmp_path)
    job = Job(1, entry, "", output, output, program(), threads=1, patience_s=600)
    with FileLock(tmp_path / "here" / LOCK):  # the run waits for it
        child = _Child(job)
        assert isinstance(child.receive(), ProgressEvent)
        child.process.terminate()
        result = child.receive()
    assert isinstance(result, RunResult)
    assert (result.kind, result.signum) == ("stopped", signal.SIGTERM)
    assert child.close(result) is None
    assert child.process.exitcode == 0
