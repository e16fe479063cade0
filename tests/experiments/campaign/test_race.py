"""A race that was stopped goes on where it was."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

LONGEST_S = 300.0


def test_a_race_that_was_stopped_reads_what_is_finished_and_goes_on(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "spikeoff", "compare"]
    flags = ["--contenders", "mlp", "cnn", "--epochs", "3", "--n_train", "3000",
             "--n_validation", "100", "--num_threads", "1", "--timing_seconds", "0"]  # fmt: skip
    race = subprocess.Popen(
        [*program, *flags, "--output", str(tmp_path)], stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + LONGEST_S
    while not (tmp_path / "cnn" / "seed-0" / "cnn_metrics_fixed.csv").exists():
        assert race.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    race.send_signal(signal.SIGTERM)
    _, err = race.communicate(timeout=LONGEST_S)
    assert race.returncode == 143
    assert f"go on with: spikeoff compare --resume {tmp_path}" in err
    first = tmp_path / "mlp" / "seed-0" / "summary.json"
    before = first.stat().st_mtime_ns
    refused = subprocess.run(
        [*program, *flags, "--output", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "holds a race already" in refused.stderr
    done = subprocess.run(
        [*program, "--resume", str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "continuing in epoch" in done.stderr
    assert first.stat().st_mtime_ns == before
    assert json.loads((tmp_path / "cnn" / "seed-0" / "summary.json").read_text())["resumed"] == 1
    assert (tmp_path / "comparison.html").is_file()
