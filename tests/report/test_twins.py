"""Twins in reports: named by their settings, made again by one command."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from spikeoff.contenders.base import Config
from spikeoff.contenders.presets import labelled_config
from spikeoff.contenders.registry import find
from spikeoff.experiments.campaign import entries
from spikeoff.plotting import COLOURS, MARKERS, colour_and_marker
from spikeoff.report.groups import group
from spikeoff.report.reproduce import race_command
from spikeoff.run.json_files import plain
from spikeoff.run.run_record import RunRecord
from tests.report.test_comparison import RECORDS

ALL = ["izhikevich-stdp", "izhikevich-gradient", "diehl-cook", "mlp", "cnn"]


def record(name: str, config: Config, **changes: Any) -> RunRecord:
    summary = {
        **RECORDS[0].summary, "contender": name, "seed": config.seed, "engine": "native",
        "config": plain(config.resolved()), "spiking": find(name).spiking, **changes,
    }  # fmt: skip
    return replace(RECORDS[0], summary=summary)


def raced(names: list[str], seeds: tuple[int, ...] = (0,), **race: Any) -> list[RunRecord]:
    twins, preset = race.pop("twins", True), race.pop("preset", "quick")
    runs = entries(names, seeds, preset, race, RECORDS[0].folder, twins=twins)
    return [record(one.contender, one.config) for one in runs]


def test_twins_are_named_by_what_they_are() -> None:
    assert list(group(raced(ALL, preset="original"))) == [
        "izhikevich-stdp", "izhikevich-gradient", "diehl-cook", "mlp hidden=512", "cnn",
        "mlp hidden=512 synapses=columns",
        "mlp-int8 hidden=512 synapses=columns activation_bits=5",
        "mlp hidden=1024", "mlp-int8 hidden=1024 activation_bits=6",
        "mlp hidden=400", "mlp-int8 hidden=400 activation_bits=10",
    ]  # fmt: skip


def test_runs_of_a_version_without_a_setting_have_its_default() -> None:
    old, new = raced(["mlp"], seeds=(0, 1))
    del old.summary["config"]["field"], old.summary["config"]["synapses"]
    wide = record("mlp", replace(labelled_config("mlp", "quick")[1], hidden=(64,)))  # type: ignore[call-arg]
    assert {name: len(runs) for name, runs in group([old, new, wide]).items()} == {
        "mlp hidden=512": 2, "mlp hidden=64": 1,
    }  # fmt: skip


@pytest.mark.parametrize("preset", ["quick", "original"])
@pytest.mark.parametrize("common", [{}, {"epochs": 2, "n_train": 500}])
def test_one_command_makes_a_race_with_its_twins(preset: str, common: dict[str, Any]) -> None:
    told = f"spikeoff compare --preset {preset} --contenders"
    rest = "".join(f" --{key} {value}" for key, value in common.items())
    rest += " --workers 1" if preset == "quick" else ""
    for names in (["izhikevich-stdp", "cnn"], ["izhikevich-gradient", "mlp"], ["diehl-cook"]):
        runs = raced(names, (0, 2), preset=preset, **common)
        listed = " ".join(names)
        assert race_command(runs) == f"{told} {listed} --seeds 0 2{rest}"
        assert race_command(runs[:-1]) is None  # a run is missing
        alone = raced(names, (0, 2), preset=preset, twins=False, **common)
        assert race_command(alone) == f"{told} {listed} --no_twins --seeds 0 2{rest}"
    some = raced(["izhikevich-gradient", "diehl-cook"], preset=preset, **common)
    assert race_command(some[:-1]) is None  # one of two twins


def test_networks_of_a_large_race_look_different() -> None:
    looks = [colour_and_marker(place) for place in range(49)]
    assert len(set(looks)) == 49
    assert looks[:7] == list(zip(COLOURS, MARKERS, strict=True))
