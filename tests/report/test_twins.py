"""Twins in reports: found by their settings, named by them, made again by one command."""

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
from spikeoff.report.twins import twin_groups
from spikeoff.report.verdict import nearest_conventional
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
    assert list(group(raced(ALL))) == [
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


def test_a_spiking_group_is_paired_with_its_twin_and_not_with_the_nearest_size() -> None:
    groups = group(raced(ALL))
    pairs = {
        "izhikevich-stdp": "mlp hidden=512 synapses=columns",
        "izhikevich-gradient": "mlp hidden=1024",
        "diehl-cook": "mlp hidden=400",
    }
    for name, twin in pairs.items():
        assert twin_groups(groups, name)[0] == twin
        assert twin_groups(groups, name)[1].startswith(twin.replace("mlp ", "mlp-int8 "))
        assert nearest_conventional(groups, name) == twin
    assert twin_groups(groups, "mlp hidden=512") == []
    alone = group(raced(ALL, twins=False))
    assert [twin_groups(alone, name) for name in pairs] == [[], [], []]
    assert nearest_conventional(alone, "izhikevich-stdp") is not None


def test_of_several_trainings_the_best_on_validation_images_is_the_twin() -> None:
    base: Any = labelled_config("mlp", "full")[1]
    chosen = [replace(base, hidden=(1024,), dropout=share) for share in (0.0, 0.2, 0.4)]
    runs = [
        record("mlp", config, accuracy={"validation": of, "test": 1 - of})
        for config, of in zip(chosen, (0.5, 0.9, 0.7), strict=True)
    ]
    groups = group([*raced(["izhikevich-gradient"], twins=False), *runs])
    assert twin_groups(groups, "izhikevich-gradient") == ["mlp dropout=0.2"]


@pytest.mark.parametrize("preset", ["quick", "original"])
@pytest.mark.parametrize("common", [{}, {"epochs": 2, "n_train": 500}])
def test_one_command_makes_a_race_with_its_twins(preset: str, common: dict[str, Any]) -> None:
    told = f"spikeoff compare --preset {preset} --contenders"
    rest = "".join(f" --{key} {value}" for key, value in common.items())
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
