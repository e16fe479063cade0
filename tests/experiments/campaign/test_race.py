"""A race that was stopped goes on where it was."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import gated, program, small_data

LONGEST_S = 300.0


@pytest.mark.slow
def test_a_race_that_was_stopped_reads_what_is_finished_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, output = gated.Gate(tmp_path / "gate"), tmp_path / "race"
    gated.register(monkeypatch, tmp_path / "site")
    monkeypatch.setenv(gated.VARIABLE, str(gate.folder))
    begin = ["compare", "--contenders", "mlp", gated.NAME, "--epochs", "4", "--n_train", "300",
             "--n_validation", "100", "--num_threads", "1", "--timing_seconds", "0",
             "--energy_seconds", "0", "--mnist_path", small_data.path(),
             "--output", str(output)]  # fmt: skip
    race = subprocess.Popen(
        [sys.executable, "-m", "spikeoff", *begin], stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + LONGEST_S
    while not (output / gated.NAME / "seed-0" / "honest_cnn_metrics.csv").exists():
        assert race.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    race.send_signal(signal.SIGTERM)
    _, err = race.communicate(timeout=LONGEST_S)
    assert race.returncode == 143
    assert f"go on with: spikeoff compare --resume {output}" in err
    first = output / "mlp" / "seed-0" / "summary.json"
    before = first.stat().st_mtime_ns
    refused = program.spikeoff(*begin)
    assert refused.returncode == 2
    assert "holds a race already" in refused.stderr
    gate.open()
    done = program.spikeoff("compare", "--resume", output)
    assert done.returncode == 0, done.stderr
    assert "continuing in epoch" in done.stderr
    assert first.stat().st_mtime_ns == before
    assert json.loads((output / gated.NAME / "seed-0" / "summary.json").read_text())["resumed"] == 1
    assert (output / "comparison.html").is_file()
