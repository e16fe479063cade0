"""A Ray cluster of several node processes on this machine, and a campaign that loses one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from spikeoff.experiments.campaign.progress_display import JOURNAL
from spikeoff.run.checkpoints import NAMES

LONGEST_S = 1800.0
OBJECT_STORE_BYTES = 80 << 20
SAID = ".said"


@contextlib.contextmanager
def cluster(nodes: int) -> Iterator[Any]:
    """A head that runs nothing, and so many nodes of one CPU, each with processes of its own."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # by Ray's default all else goes first
    from ray.cluster_utils import Cluster

    small: dict[str, Any] = {"object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
    made: Any = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 0, **small},
    )
    try:
        for number in range(nodes):
            # Addresses of their own: the campaign's program is then at the head, which stays.
            ip = f"127.0.0.{number + 2}"
            made.add_node(num_cpus=1, num_gpus=0, node_ip_address=ip, **small)
        made.wait_for_nodes()
        yield made
    finally:
        made.shutdown()


def start(file: Path, output: Path, *flags: str) -> subprocess.Popen[str]:
    """The real program, in a process of its own; what it says goes into a file beside."""
    command = [sys.executable, "-m", "spikeoff", "campaign", str(file), "--output", str(output)]
    with output.with_suffix(SAID).open("w") as said:
        return subprocess.Popen(
            [*command, *flags], stdout=subprocess.DEVNULL, stderr=said, text=True
        )


def end(process: subprocess.Popen[str], output: Path) -> str:
    """Wait for the program's end; what it said."""
    process.wait(LONGEST_S)
    return output.with_suffix(SAID).read_text()


def journal(output: Path) -> list[dict[str, str]]:
    """Every start and end so far."""
    path = output / JOURNAL
    lines = path.read_text().splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines]


def under_way(output: Path) -> dict[str, str]:
    """Runs that have started and not ended: by place, where they are."""
    found: dict[str, str] = {}
    for line in journal(output):
        if line["event"] == "start":
            found[line["run"]] = line["where"]
        else:
            found.pop(line["run"], None)
    return found


@dataclass(frozen=True)
class Loss:
    """What happened when a node was lost.

    place: of a run that was on it.
    finished: runs that had finished before.
    """

    place: str
    finished: int


def lose_a_node(
    made: Any, output: Path, after: int, process: subprocess.Popen[str], which: str = ""
) -> Loss:
    """Kill a node, once so many runs have finished and one on it has written both checkpoints.

    ``which`` is how the place of that run begins; it must not end by itself (``tests.gated``).
    """
    nodes = {node.node_id[:8]: node for node in made.worker_nodes}
    deadline = time.monotonic() + LONGEST_S
    while process.poll() is None and time.monotonic() < deadline:
        finished = count(output)["finished"]
        for place, where in under_way(output).items():
            kept = (output / place / NAMES[0]).exists() and (output / place / NAMES[1]).exists()
            if finished >= after and kept and place.startswith(which):
                kill(nodes[where.split()[1]].all_processes["raylet"][0].process.pid)
                return Loss(place, finished)
        time.sleep(0.02)
    raise AssertionError(f"no node was lost: {end(process, output)[-2000:]}")


def kill(pid: int) -> None:
    """Kill a process and those below it at one blow, as when a machine is gone; return after that.

    Without its raylet alone, a run would finish and hand in its result.
    """
    raylet = psutil.Process(pid)
    killed = (raylet, *raylet.children(recursive=True))
    for process in killed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    while any(map(alive, killed)):
        time.sleep(0.01)


def alive(process: psutil.Process) -> bool:
    """Whether a process can still do something."""
    try:
        return bool(process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD))
    except psutil.NoSuchProcess:
        return False


def count(output: Path) -> Counter[str]:
    """Events of the journal, by kind."""
    return Counter(line["event"] for line in journal(output))


def finishes(output: Path) -> Counter[str]:
    """How often each run finished."""
    return Counter(line["run"] for line in journal(output) if line["event"] == "finished")
