"""A search on a PostgreSQL server, killed by SIGKILL on the way, and finished by two commands.

``python -m tests.experiments.search.killed --flags "izhikevich-stdp --n_hidden 256"`` does it for
real: one
command with two workers begins, all its processes are killed when so many trials are over, and two
commands with a worker each, as on two machines, run the rest of the same study.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from spikeoff.experiments.search.study import SETTINGS, open_storage
from tests.experiments.search.postgres import server

LONGEST_S = 1200.0
STUDY = "shared"


@dataclass(frozen=True)
class Killed:
    """What happened: the trials when the search was killed, and those at the end, by number."""

    before: list[FrozenTrial]
    after: list[FrozenTrial]
    seconds: float


def begin(flags: Sequence[str], url: str, folder: Path, workers: int) -> subprocess.Popen[bytes]:
    """The real program, in a session of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "spikeoff", "search", *flags, "--storage", url, "--study", STUDY,
        "--workers", str(workers), "--num_threads", "1", "--save_path", str(folder),
    ]  # fmt: skip
    with (folder / "output.txt").open("wb") as output:
        return subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)


def trials_of(storage: RDBStorage) -> list[FrozenTrial]:
    """All trials of the study; none before it is there."""
    for study in storage.get_all_studies():
        if SETTINGS in study.user_attrs:
            return storage.get_all_trials(study._study_id)
    return []


def count(trials: Sequence[FrozenTrial], *states: TrialState) -> int:
    return sum(trial.state in states for trial in trials)


def kill_and_finish(
    flags: Sequence[str], url: str, folder: Path, after: int, then: Callable[[], None] | None = None
) -> Killed:
    """Kill the search once ``after`` trials are over and another runs; let two others finish it.

    ``then`` is called between the two.
    """
    began = time.monotonic()
    storage = open_storage(url)
    first = begin(flags, url, folder / "first", workers=2)
    over = (TrialState.COMPLETE, TrialState.PRUNED)
    while True:
        assert first.poll() is None, (folder / "first" / "output.txt").read_text()
        assert time.monotonic() - began < LONGEST_S
        trials = trials_of(storage)
        if count(trials, *over) >= after and any(
            trial.state == TrialState.RUNNING and trial.intermediate_values for trial in trials
        ):
            break
        time.sleep(0.1)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    before = trials_of(storage)
    if then is not None:
        then()
    others = [begin(flags, url, folder / name, workers=1) for name in ("second", "third")]
    for name, process in zip(("second", "third"), others, strict=True):
        status = process.wait(LONGEST_S)
        assert status == 0, (folder / name / "output.txt").read_text()
    return Killed(before, trials_of(storage), time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flags", required=True, help="contender and flags of the search")
    parser.add_argument("--after", type=int, default=20, help="trials before the kill")
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    with server() as url:
        seen = kill_and_finish(shlex.split(given.flags), url, given.folder, given.after)
    for moment, trials in (("when killed", seen.before), ("at the end", seen.after)):
        states = {state.name: count(trials, state) for state in TrialState}
        print(moment, states)
    again = [trial.number for trial in seen.before if trial.state == TrialState.RUNNING]
    print("run again:", again, f"  {seen.seconds:.0f} s in all")
    for trial in (*(seen.after[number] for number in again), max(seen.after, key=_score)):
        workers = trial.user_attrs["worker"]["pid"], trial.user_attrs["attempts"]
        print(trial.number, trial.state.name, trial.value, trial.params, *workers)
    pids = [trial.user_attrs["worker"]["pid"] for trial in seen.after]
    print("trials by process:", {pid: pids.count(pid) for pid in dict.fromkeys(pids)})


def _score(trial: FrozenTrial) -> float:
    return trial.value if trial.state == TrialState.COMPLETE and trial.value else 0.0


if __name__ == "__main__":
    main()
