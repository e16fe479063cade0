"""Runs that are killed by SIGKILL at random instants and go on, against runs that were not.

``python -m tests.killing --kills 20`` does so for every contender and prints a table. Half of the
kills come when a part of a checkpoint lies on the disk, the others at an instant drawn from the
life of the process, from shortly before its run begins.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from tests import held, small_data

TINY: dict[str, list[str]] = {
    "diehl-cook": ["--n_e", "40", "--example_time", "0.15", "--resting_time", "0.05",
                   "--input_intensity", "6", "--update_interval", "400",
                   "--save_interval", "700"],
    "izhikevich-gradient": ["--n_hidden", "64", "--n_steps", "10"],
    "izhikevich-sparse": ["--n_hidden", "64"],
    "izhikevich-stdp": ["--n_hidden", "100"],
    "mlp": ["--n_hidden", "64"],
    "cnn": ["--n_hidden", "32", "--patience", "1"],
}  # fmt: skip
IMAGES: dict[str, tuple[int, int]] = {
    "diehl-cook": (1500, 2),
    "izhikevich-gradient": (3000, 3),
    "izhikevich-sparse": (3000, 3),
    "izhikevich-stdp": (2000, 4),
    "mlp": (9000, 6),
    "cnn": (4500, 3),
}
"""Images and passes that keep a process busy for seconds, with steps to be killed between."""

TIMES = {"seconds", "energy_estimate_j", "memory_mb"}
"""Columns of the metrics file that no two runs share."""

LONGEST_S = 300.0

ROOT = Path(__file__).parents[1]


@dataclass
class Tally:
    """What happened to one contender's runs."""

    kills: int = 0
    in_writing: int = 0
    resumed: int = 0
    finished: int = 0
    equal: int = 0
    differing: list[str] = field(default_factory=list)


def start(arguments: list[str]) -> subprocess.Popen[str]:
    """The real program, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "spikeoff", "train", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def first_call(name: str, folder: Path, images: tuple[int, int] | None = None) -> list[str]:
    n_train, epochs = images or IMAGES[name]
    return [
        name, *TINY[name], "--n_train", str(n_train), "--epochs", str(epochs),
        "--n_validation", "200", "--timing_seconds", "0", "--num_threads", "1",
        "--checkpoint_examples", "1", "--mnist_path", small_data.path(), "--save_path", str(folder),
    ]  # fmt: skip


def next_call(name: str, folder: Path) -> list[str]:
    """A run that was killed before it wrote its settings begins anew."""
    begun = (folder / "config.json").is_file()
    return ["--resume", str(folder)] if begun else first_call(name, folder)


def finish(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Let the program run to its end; seconds until its run began, and in all."""
    began = time.monotonic()
    process = start(arguments)
    while process.poll() is None and not (folder / "config.json").is_file():
        time.sleep(0.01)
    ready = time.monotonic() - began
    _, err = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, err
    return ready, time.monotonic() - began


def kill_after(arguments: list[str], delay: float) -> bool:
    """Kill the program after so many seconds; returns whether it was still running."""
    process = start(arguments)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(delay)
    return killed(process)


def kill_half_written(arguments: list[str], count: int) -> None:
    """Kill the program when half of its ``count``-th checkpoint is on the disk; it waits there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.held", str(count), "train", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.strip() == held.LINE:
            break
    assert killed(process), said


def kill_in_writing(arguments: list[str], folder: Path, count: int) -> bool:
    """Kill the program while it writes a checkpoint, the ``count``-th that is seen.

    Returns whether it was still running.
    """
    process = start(arguments)
    seen: set[str] = set()
    with contextlib.suppress(FileNotFoundError):
        while process.poll() is None and len(seen) < count:
            if folder.is_dir():
                seen |= {name for name in os.listdir(folder) if name.startswith(".part-")}
    return killed(process)


def killed(process: subprocess.Popen[str]) -> bool:
    process.kill()
    process.communicate()
    return process.returncode == -9


def results(folder: Path) -> dict[str, Any]:
    """Everything in a run's folder that must not depend on how it came about."""
    summary = json.loads((folder / "summary.json").read_text())
    found: dict[str, Any] = {
        key: summary[key] for key in ("accuracy", "spikes", "operations", "epochs", "parameters")
    }
    found |= load_file(folder / "weights.safetensors")
    with np.load(folder / "predictions.npz") as predictions:
        found |= {name: predictions[name] for name in predictions.files}
    for path in folder.glob("*.npy"):
        found[path.name] = np.load(path)
    with (folder / summary["files"]["metrics"]).open() as stream:
        found["metrics"] = [
            {key: value for key, value in row.items() if key not in TIMES}
            for row in csv.DictReader(stream)
        ]
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What is not the same in both, bit for bit."""

    def same(a: Any, b: Any) -> bool:
        if isinstance(a, np.ndarray):
            return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
        return bool(a == b)

    names = one.keys() ^ other.keys()
    return sorted(names | {k for k in one.keys() & other.keys() if not same(one[k], other[k])})


def chain(
    name: str, folder: Path, kills: int, life: tuple[float, float], draw: random.Random,
    tally: Tally,
) -> None:  # fmt: skip
    """Start a run, kill it and let it go on so many times, then let it finish."""
    for _ in range(kills):
        arguments = next_call(name, folder)
        if draw.random() < 0.5:
            running = kill_in_writing(arguments, folder, draw.randint(1, 8))
        else:
            running = kill_after(arguments, draw.uniform(0.9 * life[0], life[1]))
        if not running:
            break
        tally.kills += 1
        tally.in_writing += any(folder.glob(".part-*"))
        tally.resumed += (folder / "config.json").is_file()
    finish(next_call(name, folder), folder)
    tally.finished += 1


def trial(name: str, kills: int, chain_length: int, seed: int, where: Path) -> Tally:
    """Chains of runs until one contender was killed so often, each held to one left alone."""
    draw, tally = random.Random(f"{name} {seed}"), Tally()
    life = finish(first_call(name, where / "alone"), where / "alone")
    expected = results(where / "alone")
    for number in itertools.count():
        if tally.kills >= kills:
            break
        folder = where / str(number)
        chain(name, folder, min(chain_length, kills - tally.kills), life, draw, tally)
        found = differences(expected, results(folder))
        tally.equal += not found
        tally.differing += found
    return tally


def main() -> None:
    """Kill all contenders' runs, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of each contender")
    parser.add_argument("--chain", type=int, default=4, help="kills of one run at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--contenders", nargs="*", default=list(TINY))
    given = parser.parse_args()
    print("| contender | kills | while writing | resumed | runs finished | bit-equal |")
    print("|---|---|---|---|---|---|")
    for name in given.contenders:
        with tempfile.TemporaryDirectory() as where:
            t = trial(name, given.kills, given.chain, given.seed, Path(where))
        print(
            f"| {name} | {t.kills} | {t.in_writing} | {t.resumed} | {t.finished} | {t.equal} |"
            + (f" differing: {sorted(set(t.differing))}" if t.differing else ""),
            flush=True,
        )


if __name__ == "__main__":
    main()
