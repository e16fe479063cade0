"""A campaign of 40 runs on a Ray cluster that loses a node half way, against the same runs here.

Run: PYTHONPATH=. python benchmarks/cluster_campaign.py [--into docs/scaling.md]

Three nodes of one CPU each, in processes of their own on this machine, and a head that runs
nothing. Once half of the runs have finished, one node's raylet is killed by SIGKILL while a run on
it is between two checkpoints.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests import killing
from tests.experiments.campaign import losing_nodes

from page_tables import publish, table
from spikeoff.experiments.campaign import read_campaign
from spikeoff.ledger.environment import available_cores, cpu_name
from spikeoff.run.run_record import find_runs
from spikeoff.run.session import run

CAMPAIGN = """
seeds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

[all]
n_train = 500
n_validation = 100
num_threads = 1
checkpoint_examples = 500
timing_seconds = 0
energy_seconds = 0

[mlp]
epochs = [40, 60]
n_hidden = 64

[izhikevich-stdp]
epochs = [4, 6]
n_hidden = 100
"""
NODES, RUNS = 3, 40


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        where = Path(folder)
        file, there, here = where / "forty.toml", where / "cluster", where / "local"
        file.write_text(CAMPAIGN)
        began = time.perf_counter()
        with losing_nodes.cluster(NODES) as made:
            process = losing_nodes.start(
                file, there, "--executor", "ray", "--address", made.address
            )
            loss = losing_nodes.lose_a_node(made, there, RUNS // 2, process)
            err = losing_nodes.end(process, there)
        assert process.returncode == 0, err
        on_cluster = time.perf_counter() - began
        began = time.perf_counter()
        for entry in read_campaign(file).entries(here):
            run(entry.contender, entry.config)
        publish("lost-node", told(there, here, loss, on_cluster, time.perf_counter() - began),
                arguments)  # fmt: skip


def told(
    there: Path, here: Path, loss: losing_nodes.Loss, on_cluster: float, locally: float
) -> str:
    """The table, and under which conditions."""
    places = [path.relative_to(there) for path in find_runs([there])]
    equal = 0
    for place in places:
        one, other = killing.results(there / place), killing.results(here / place)
        equal += not killing.differences(one, other)
    events, finishes = losing_nodes.count(there), losing_nodes.finishes(there)
    rows = [
        ["runs", str(RUNS)],
        ["finished when the node was lost", str(loss.finished)],
        ["finished in the end", str(len(places))],
        ["failed", str(events["failed"])],
        ["starts", str(events["start"])],
        ["finished more than once", str(sum(n > 1 for n in finishes.values()))],
        ["bit-equal to the local run", str(equal)],
    ]
    conditions = (
        f"{NODES} nodes of one CPU, {on_cluster:.0f} s with the start of the cluster; here, in one "
        f"process, {locally:.0f} s. {available_cores()} cores of {cpu_name()}, load average at the "
        f"end {os.getloadavg()[0]:.1f}."
    )
    return f"{table(['a campaign that lost a node', ''], rows)}\n\n{conditions}"


if __name__ == "__main__":
    main(sys.argv[1:])
