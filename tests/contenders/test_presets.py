"""Presets take the best trials of the studies that the package has, all of the same size."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from spikeoff.contenders.presets import (
    PRESETS,
    TUNED_AS,
    budget,
    fitting,
    override_preset,
    preset_config,
    preset_fields,
)
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.contenders.study_records import STUDIES, TunedPreset, read_records
from spikeoff.errors import UserError
from spikeoff.experiments.tuning.studies import finalists, tunable

TUNED: tuple[TunedPreset, ...] = ("quick", "tuned")


def studies(preset: TunedPreset) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((STUDIES / f"{preset}.json").read_text())
    return content


def best(study: dict[str, Any]) -> dict[str, Any]:
    """The settings of the first complete trial with the highest accuracy."""
    complete = [trial for trial in study["trials"] if trial["outcome"] == "complete"]
    highest = max(trial["validation_accuracy"] for trial in complete)
    found: dict[str, Any] = next(
        trial["settings"] for trial in complete if trial["validation_accuracy"] == highest
    )
    return found


@pytest.mark.parametrize("preset", TUNED)
def test_the_shipped_settings_are_those_of_the_best_trial(preset: TunedPreset) -> None:
    for name in BUILT_IN:
        kind = find(name)
        found = best(studies(preset)[TUNED_AS.get(name, name)])
        expected = replace(kind.config_type(), **budget(kind, preset), **found)
        assert preset_config(kind, preset) == expected


def test_a_tuned_preset_trains_for_a_while_and_on_as_many_images_as_it_says() -> None:
    assert {name: budget(find(name), "quick")["epochs"] for name in tunable()} == {
        "mlp": 4, "cnn": 4, "izhikevich-gradient": 4, "izhikevich-sparse": 4, "izhikevich-stdp": 4,
        "diehl-cook": 1,
    }  # fmt: skip
    assert {name: budget(find(name), "tuned") for name in tunable()} == {
        name: {"epochs": 1 if name == "diehl-cook" else 15} for name in tunable()
    }
    assert {budget(find(name), "quick")["n_train"] for name in tunable()} == {20_000}


@pytest.mark.parametrize("preset", TUNED)
def test_all_contenders_were_tuned_alike(preset: TunedPreset) -> None:
    found = studies(preset)
    assert set(found) == set(tunable())
    for key in ("seeds", "sampler", "pruner", "data"):
        assert len({str(search[key]) for search in found.values()}) == 1
    assert len({len(search["trials"]) for search in found.values()}) == 1
    for name, search in found.items():
        kind = find(name)
        config = replace(kind.config_type(), **search["config"])
        asked = replace(kind.config_type(), **budget(kind, preset))
        assert (config.epochs, config.n_train) == (asked.epochs, asked.n_train)
        default = vars(kind.config_type().resolved())
        given = search["trials"][0]
        assert given["settings"] == {field: default[field] for field in search["space"]}
        assert given["outcome"] == "complete"


def test_tuned_starts_from_the_search_for_quick() -> None:
    searched = read_records(STUDIES / "quick.json")
    for name, study in studies("tuned").items():
        first = finalists(name, searched[name], len(study["trials"]), study["data"])
        assert [trial["settings"] for trial in study["trials"]] == first
        assert {trial["outcome"] for trial in study["trials"]} == {"complete"}


@pytest.mark.parametrize("name", BUILT_IN)
def test_original_has_the_settings_of_the_original_scripts(name: str) -> None:
    assert {preset_config(find(name), preset) for preset in ("original", "full")} == {
        find(name).config_type()
    }
    assert {preset_fields(find(name), preset).get("seed") for preset in PRESETS} == {None}


@pytest.mark.parametrize(
    ("n_images", "asked", "taken"),
    [
        (60_000, 20_000, 20_000),
        (25_000, 20_000, 20_000),  # 2,500 validate
        (22_222, 20_000, 20_000),  # 2,222 validate
        (22_221, 20_000, None),
        (1_500, 20_000, None),
        (1_500, 5_000, 5_000),  # no preset asks for that: it is refused later
        (1_500, None, None),
    ],
)
def test_quick_takes_all_images_where_there_are_fewer_than_it_asks_for(
    n_images: int, asked: int | None, taken: int | None
) -> None:
    config = replace(preset_config(find("mlp"), "quick"), n_train=asked)
    held_out = min(5_000, n_images // 10)
    assert fitting(config, n_images) == replace(config, n_train=taken, n_validation=held_out)
    given = replace(config, n_validation=100)
    assert fitting(given, n_images).n_validation == 100


@pytest.mark.parametrize("name", ["izhikevich-stdp", "izhikevich-gradient"])
def test_a_preset_gives_way_to_what_leaves_its_settings_without_effect(name: str) -> None:
    kind = find(name)
    preset: dict[str, Any] = {"max_rate": 0.6, "epochs": 2}
    given: dict[str, Any] = {"coding": "latency"}
    assert override_preset(kind, preset, {}) == preset
    assert override_preset(kind, preset, given) == {"epochs": 2, **given}
    kind.config_type(**override_preset(kind, preset, given))
    typed = given | {"max_rate": 0.3}
    assert override_preset(kind, preset, typed) == {"epochs": 2, **typed}
    with pytest.raises(UserError, match=r"`max_rate` \(=0.3\) must be left out: `coding` is late"):
        kind.config_type(**override_preset(kind, preset, typed))
