"""Commands that the page tells: the command line makes the same configurations of them."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tyro

from spikeoff import cli
from spikeoff.contenders.base import Config
from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.family_sizes import DEFAULT
from spikeoff.contenders.presets import Preset, labelled_config, preset_config
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.contenders.twins import deciding
from spikeoff.experiments.campaign import Entry, entries, front_entries
from spikeoff.report.reproduce import flags, needed, race_command, restored, run_command
from spikeoff.run.json_files import plain
from spikeoff.run.run_record import RunRecord
from tests.report.test_comparison import RECORDS

CHANGES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in BUILT_IN),
    ("mlp", {"seed": 7, "learning_rate": 1e-05, "patience": 3, "device": "cpu"}),
    ("cnn", {"engine": "tensorflow"}),
    ("cnn", {"patience": None, "n_train": 300, "mnist_path": "my data/digits.npz"}),
    ("izhikevich-gradient", {"engine": "torch", "hidden": (64,), "dropout": 0.0}),
    ("izhikevich-sparse", {"levels": (200, 90), "readout": "spikes+potential", "keep": 0.5}),
    ("izhikevich-stdp", {"columns": 4, "readout": "hebbian", "tdp": 12.5}),
    ("diehl-cook", {"preset": "tuned", "n_e": 100, "connect_xeai": True}),
    ("diehl-cook", {"preset": "tuned", "vote": "proportional", "data_path": Path("my weights")}),
]


def record(name: str, config: Config) -> RunRecord:
    summary = {
        **RECORDS[0].summary, "contender": name, "seed": config.seed, "config": plain(config),
    }  # fmt: skip
    return replace(RECORDS[0], summary=summary)


@pytest.mark.parametrize(("name", "changes"), CHANGES)
def test_a_runs_command_gives_its_configuration(name: str, changes: dict[str, Any]) -> None:
    config = find(name).config_type(**changes)
    command = shlex.split(run_command(record(name, config)))
    assert command[:3] == ["spikeoff", "train", name]
    parsed = tyro.cli(find(name).config_type, args=command[3:], use_underscores=True)
    assert parsed == config


def test_only_what_is_particular_is_told() -> None:
    assert needed(DiehlCookConfig(preset="tuned", n_e=100)) == {"preset": "tuned", "n_e": 100}
    assert flags({"n_e": 100, "test_mode": True, "connect_xeai": False}) == [
        "--n_e", "100", "--test_mode", "--no_connect_xeai",
    ]  # fmt: skip


def test_a_strangers_command_tells_all_settings() -> None:
    config = {"seed": 3, "depth": 4, "save_path": "x"}
    stranger = replace(
        RECORDS[0], summary={**RECORDS[0].summary, "contender": "stranger", "config": config}
    )
    assert restored(stranger) is None
    assert run_command(stranger) == "spikeoff train stranger --seed 0 --depth 4"
    assert race_command([stranger]) is None


def races(preset: Preset, names: list[str], seeds: list[int], **common: Any) -> list[RunRecord]:
    return [
        record(name, replace(config, seed=seed, **common))
        for name, config in (labelled_config(one, preset) for one in names)
        for seed in seeds
    ]


def entries_of(command: str, monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """The runs that a command begins."""
    made: list[Entry] = []

    def race(runs: list[Entry], *_: object, **__: object) -> list[str]:
        made.extend(runs)
        return []

    monkeypatch.setattr("spikeoff.experiments.campaign.race", race)
    with pytest.raises(SystemExit) as caught:
        cli.main(shlex.split(command)[1:])
    assert not caught.value.code
    return made


@pytest.mark.parametrize("preset", ["quick", "original"])
@pytest.mark.parametrize("common", [{}, {"epochs": 2, "n_train": 500, "mnist_path": "a b"}])
@pytest.mark.parametrize("rival", ["diehl-cook", "mlp@tensorflow"])
def test_the_races_command_makes_the_same_runs(
    preset: Preset, common: dict[str, Any], rival: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = races(preset, ["mlp", rival], [0, 2], **common)
    check_command(records, monkeypatch)


def test_an_augmented_race_and_its_twins_have_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    names, common = ("cnn", "izhikevich-sparse"), {"augment": True}
    begun = entries(names, (0,), "quick", common, Path(), twins=True)
    assert [one.contender for one in begun] == [*names, "mlp"]
    check_command([record(one.contender, one.config) for one in begun], monkeypatch)


@pytest.mark.parametrize("twins", [False, True])
def test_a_strict_race_is_strict_where_a_network_can_be(
    twins: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, common = ("cnn", "izhikevich-sparse"), {"strict": True}
    begun = entries(names, (0,), "quick", common, Path(), twins=twins)
    assert {one.contender for one in begun if one.config.strict} == {"izhikevich-sparse"}
    check_command([record(one.contender, one.config) for one in begun], monkeypatch)


def check_command(records: list[RunRecord], monkeypatch: pytest.MonkeyPatch) -> None:
    """The command of a race makes the runs of the race."""
    command = race_command(records)
    assert command is not None
    made = entries_of(command, monkeypatch)
    told = {(entry.contender, replace(entry.config, save_path=None)) for entry in made}
    assert told == {
        (one.contender, replace(config, save_path=None))
        for one in records
        if (config := restored(one))
    }


@pytest.mark.parametrize(
    ("preset", "common", "families", "seeds"),
    [
        ("quick", {"epochs": 2, "n_train": 500}, ("cnn", "mlp"), (1, 4)),
        ("original", {"augment": True}, ("cnn",), (0,)),
        ("quick", {}, DEFAULT, (0,)),
        ("quick", {"strict": True}, ("mlp", "izhikevich-sparse"), (0,)),
    ],
)
def test_a_fronts_command_makes_the_same_runs(
    preset: Preset, common: dict[str, Any], families: tuple[str, ...], seeds: tuple[int, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    begun = front_entries(families, seeds, preset, common, Path())
    command = race_command([record(one.contender, one.config) for one in begun])
    assert command is not None
    assert command.startswith(f"spikeoff front --preset {preset} ")
    assert ("--families" in command) == (families != DEFAULT)
    made = entries_of(command, monkeypatch)
    assert {(one.contender, deciding(one.config), one.config.seed) for one in made} == {
        (one.contender, deciding(one.config), one.config.seed) for one in begun
    }


def test_an_incomplete_front_has_no_command() -> None:
    begun = front_entries(("mlp",), (0, 1), "quick", {}, Path())
    records = [record(one.contender, one.config) for one in begun]
    assert race_command(records) is not None
    assert race_command(records[1:]) is None
    wide = replace(begun[0].config, hidden=(77,))  # type: ignore[call-arg]
    assert race_command([record("mlp", wide), *records[1:]]) is None


def test_runs_of_several_settings_are_no_race() -> None:
    quick = races("quick", ["mlp"], [0, 1])
    command = "spikeoff compare --preset quick --contenders mlp --seeds 0 1 --workers"
    assert race_command(quick) == f"{command} 1"
    where = {**quick[0].summary["environment"], "runs_at_a_time": 2}
    pair = [replace(one, summary={**one.summary, "environment": where}) for one in quick]
    assert race_command(pair) == f"{command} 2"
    assert race_command([*quick, *races("quick", ["cnn"], [0])]) is None  # a seed is missing
    assert race_command([*quick, *races("quick", ["cnn"], [0, 1], epochs=9)]) is None
    wide = record("mlp", replace(preset_config(find("mlp"), "quick"), hidden=(64,)))  # type: ignore[call-arg]
    assert race_command([wide]) is None
