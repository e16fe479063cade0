"""``spikeoff robust`` on small trained networks, and what networks answer to given spikes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.cli import main
from spikeoff.contenders.registry import find
from spikeoff.data import Images
from spikeoff.ledger.operation_energy import load_table
from spikeoff.report.page import render
from spikeoff.report.robustness import mean_ratio, summarise
from spikeoff.run.robustness_file import ROBUSTNESS, read_robustness
from spikeoff.run.run_record import find_runs, read_run
from spikeoff.run.session import run
from tests import pictures, small_data

SIZES: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": (32,), "batch_size": 20},
    "izhikevich-gradient": {
        "hidden": (32,),
        "batch_size": 20,
        "n_steps": 20,
        "output_scale": 8.0,
        "hidden_scale": 2.0,
    },
}


STRONG = {"n_steps": 20, "output_scale": 8.0, "hidden_scale": 2.0}
"""Weights with which even an untrained network answers with spikes."""


def robust(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["robust", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small run of each of two contenders."""
    folder = tmp_path_factory.mktemp("race")
    for name, size in SIZES.items():
        config = find(name).config_type(
            save_path=folder / name, epochs=3, n_train=1000, n_validation=50, num_threads=1,
            timing_seconds=0.0, energy_seconds=0.0, mnist_path=small_data.path(), **size,
        )  # fmt: skip
        run(name, config)
    return folder


@pytest.fixture
def race(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "race"))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("izhikevich-gradient", {"hidden": (30,), **STRONG}),
        ("izhikevich-gradient", {"hidden": (30, 20), "max_rate": 0.4, **STRONG}),
        ("izhikevich-gradient", {"hidden": (30,), "coding": "latency", **STRONG}),
        ("izhikevich-gradient", {"hidden": (30,), "readout": "spikes+potential", **STRONG}),
        ("izhikevich-stdp", {"n_hidden": 128}),
    ],
)
def test_the_input_spikes_of_images_are_answered_as_the_images_are(
    name: str, settings: dict[str, Any], few: Images
) -> None:
    kind: Any = find(name)
    contender = kind(kind.config_type(num_threads=1, device="cpu", **settings))
    list(contender.learn(few, 1))
    spikes = contender.input_spikes(few)
    assert spikes.sum(axis=0).sum(axis=1).tolist() == contender.record(few).events[
        "input"
    ].sum(axis=1).tolist()  # fmt: skip
    expected = contender.respond(few).scores
    assert expected.any()
    assert (contender.respond_to_spikes(few, spikes).scores == expected).all()
    assert (contender.respond_to_spikes(few, np.zeros_like(spikes)).scores != expected).any()


def test_networks_without_input_spikes_have_none(few: Images) -> None:
    kind: Any = find("mlp")
    assert kind(kind.config_type(num_threads=1)).input_spikes(few) is None


def test_weights_are_matrices_and_filters_and_nothing_else() -> None:
    cases: list[tuple[str, dict[str, Any], int]] = [
        ("mlp", {"hidden": (8,)}, 2),
        ("cnn", {}, 4),
        ("izhikevich-gradient", {"hidden": (8, 8)}, 3),
        ("izhikevich-stdp", {"n_hidden": 128}, 2),
        ("diehl-cook", {"n_e": 10}, 1),
    ]
    for name, settings, expected in cases:
        kind: Any = find(name)
        contender = kind(kind.config_type(num_threads=1, **settings))
        names, state = contender.weight_names(), contender.state()
        assert len(names) == expected, name
        assert all(state[one].ndim >= 2 for one in names)


@pytest.mark.slow
def test_command_writes_results_that_do_not_depend_on_when_or_with_whom(
    race: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pictures.drawn():
        status, out, _ = robust(
            capsys, race, "--output", tmp_path, "--n_images", 300, "--num_threads", 1
        )
    assert status == 0
    assert "300 test images" in out
    assert (tmp_path / "robustness.png").stat().st_size > 10_000
    first = {name: (race / name / ROBUSTNESS).read_bytes() for name in SIZES}
    robust(capsys, race / "mlp", "--output", tmp_path, "--n_images", 300, "--num_threads", 2)
    assert (race / "mlp" / ROBUSTNESS).read_bytes() == first["mlp"]

    mlp, spiking = (json.loads(one) for one in first.values())
    assert mlp["unavailable"] == {"spikes": "it has no input spikes"}
    assert len(mlp["conditions"]) == 5 * 5 + 3
    assert spiking["unavailable"] == {}
    assert len(spiking["conditions"]) == 5 * 5 + 2 * 5 + 3
    for found in (mlp, spiking):
        by_name: dict[str, list[float]] = {}
        for one in found["conditions"]:
            by_name.setdefault(one["name"], []).append(one["accuracy"])
        assert found["clean"] > 0.2
        assert by_name["occlusion"][-1] < found["clean"]
        assert abs(by_name["rounded-weights"][0] - found["clean"]) < 0.05  # 8 bits

    records = [read_run(folder) for folder in find_runs([race])]
    summary = summarise(records)
    assert summary is not None
    ratios = {one.name: summary.mean_corruption_error(one) for one in summary.contestants}
    assert ratios["mlp"] == 1.0
    assert ratios["izhikevich-gradient"] != 1.0


def test_clean_accuracy_is_that_of_the_run_when_all_test_images_are_taken(
    race: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    robust(capsys, race / "mlp", "--output", tmp_path, "--n_images", 20_000, "--num_threads", 1)
    found = read_robustness(race / "mlp")
    assert found is not None
    assert found.n_images == small_data.N_TEST
    assert found.clean == read_run(race / "mlp").summary["accuracy"]["test"]


@pytest.mark.slow
def test_page_has_the_section_only_if_runs_were_measured(
    race: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    records = [read_run(folder) for folder in find_runs([race])]
    before = render(records, load_table())
    assert "Robustness" not in before
    robust(capsys, race / "mlp", "--output", tmp_path, "--n_images", 50, "--num_threads", 1)
    after = render(records, load_table())
    assert '<h2 id="robustness">Robustness</h2>' in after
    assert "1 of 2 runs were not measured in this way." in after
    (race / "mlp" / ROBUSTNESS).unlink()
    assert render(records, load_table()) == before


def test_bad_input_is_one_line(
    race: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (race / "mlp" / "weights.safetensors").write_bytes(b"no weights")
    cases: list[tuple[list[object], str]] = [
        ([], "no run given"),
        ([tmp_path / "nowhere"], "no finished run in or below it"),
        ([race, "--n_images", 0], "`n_images` (=0) must be at least 1"),
        ([race, "--seed", -1], "`seed` (=-1) must be from 0"),
        ([race / "mlp"], "weights.safetensors: damaged"),
    ]
    for arguments, message in cases:
        status, _, err = robust(capsys, *arguments)
        assert status == 2
        assert message in err
        assert len(err.strip().splitlines()) == 1


def test_mean_corruption_error_is_a_mean_of_ratios() -> None:
    assert mean_ratio([(0.2, 0.2), (0.7, 0.7)]) == 1.0
    assert mean_ratio([(0.1, 0.2), (0.9, 0.6)]) == pytest.approx((0.5 + 1.5) / 2)
    assert mean_ratio([(0.1, 0.0)]) is None
