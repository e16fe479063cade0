"""A campaign on a cluster that loses a node ends as one on this machine, and nothing runs twice."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from spikeoff.contenders.registry import find
from spikeoff.errors import UserError
from spikeoff.experiments.campaign.executors import choose_executor
from spikeoff.experiments.campaign.job import Job
from spikeoff.experiments.campaign.plan import Entry
from spikeoff.run.run_record import find_runs, read_run
from spikeoff.run.session import run
from tests import gated, killing, small_data
from tests.experiments.campaign import losing_nodes

pytestmark = pytest.mark.cluster


@pytest.fixture(autouse=True)
def ray() -> None:
    """Skip without it; it is imported where it is needed, not by every collection of tests."""
    pytest.importorskip("ray")


CAMPAIGN = """\
[gated-mlp]
n_hidden = 64
gate = "{gate}"

[mlp]
n_hidden = [8, 16]

[all]
n_train = 500
n_validation = 100
epochs = 4
num_threads = 1
checkpoint_examples = 500
timing_seconds = 0
energy_seconds = 0
mnist_path = "{data}"
"""


def test_a_lost_node_costs_no_run_and_no_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate opens after the kill: the run that is hit cannot have ended before."""
    file, output, gate = tmp_path / "three.toml", tmp_path / "out", gated.Gate(tmp_path / "gate")
    file.write_text(CAMPAIGN.format(gate=gate.folder, data=small_data.path()))
    gated.register(monkeypatch, tmp_path / "site")
    with losing_nodes.cluster(2) as made:
        process = losing_nodes.start(file, output, "--executor", "ray", "--address", made.address)
        loss = losing_nodes.lose_a_node(made, output, 1, process, gated.NAME)
        gate.open()
        err = losing_nodes.end(process, output)
    assert process.returncode == 0, err
    places = [path.relative_to(output).as_posix() for path in find_runs([output])]
    assert len(places) == 3
    assert losing_nodes.finishes(output) == dict.fromkeys(places, 1)
    resumed = {place: read_run(output / place).summary["resumed"] for place in places}
    assert resumed == dict.fromkeys(places, 0) | {loss.place: 1}
    log = (output / loss.place / "honest_cnn_log.log").read_text()
    assert f"continuing in epoch {gated.EPOCH}" in log
    for place, n_hidden in ((loss.place, 64), ("mlp/n_hidden=8/seed-0", 8)):
        config = find("mlp").config_type(
            hidden=(n_hidden,), n_train=500, n_validation=100, epochs=4, num_threads=1,  # type: ignore[call-arg]
            timing_seconds=0.0, energy_seconds=0.0, mnist_path=small_data.path(),
            save_path=tmp_path / place,
        )  # fmt: skip
        alone = run("mlp", config)
        found = killing.results(output / place)
        assert killing.differences(killing.results(alone.folder), found) == []


def test_an_address_where_nobody_answers_gets_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        executor = choose_executor("ray", None, f"127.0.0.1:{taken.getsockname()[1]}")
        job = Job(1, Entry("mlp", find("mlp").config_type()), "", "", "", "", 1)
        with pytest.raises(UserError, match="is no Ray cluster in reach"):
            executor.run([job], lambda said: None)
