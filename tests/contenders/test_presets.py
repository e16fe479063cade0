"""Presets take the best trials of the studies that the package has, all of the same size."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from spikeoff.contenders.presets import (
    PRESETS,
    QUICK,
    TUNED_AS,
    fitting,
    preset_config,
    preset_fields,
)
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.contenders.study_records import STUDIES, TunedPreset
from spikeoff.experiments.tuning.studies import BUDGETS, tunable

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
    budget = QUICK if preset == "quick" else {}
    for name in BUILT_IN:
        kind = find(name)
        record = studies(preset).get(TUNED_AS.get(name, name))
        expected: dict[str, Any] = {**budget, **(kind.quick if budget else {})}
        if record is not None:
            expected |= best(record["finalists"] or record["search"])
        assert preset_config(kind, preset) == replace(kind.config_type(), **expected)


@pytest.mark.parametrize("preset", TUNED)
def test_all_contenders_were_tuned_alike(preset: TunedPreset) -> None:
    found = studies(preset)
    assert set(found) <= set(tunable())
    assert preset == "tuned" or set(found) == set(tunable())
    searches = [record["search"] for record in found.values()]
    for key in ("seeds", "sampler", "pruner", "data"):
        assert len({str(search[key]) for search in searches}) <= 1
    assert len({len(search["trials"]) for search in searches}) <= 1
    for name, record in found.items():
        kind = find(name).config_type
        config = replace(kind(), **record["search"]["config"])
        budget = BUDGETS[preset] | find(name).quick
        assert (config.epochs, config.n_train) == (budget["epochs"], budget["n_train"])
        default = vars(kind().resolved())
        given = record["search"]["trials"][0]
        assert given["settings"] == {field: default[field] for field in record["search"]["space"]}
        assert given["outcome"] == "complete"


@pytest.mark.parametrize("preset", TUNED)
def test_finalists_are_the_defaults_and_the_best_of_the_search(preset: TunedPreset) -> None:
    for name, record in studies(preset).items():
        search, finalists = record["search"], record["finalists"]
        if preset == "quick" or best(search) == search["trials"][0]["settings"]:
            assert finalists is None
            continue
        assert finalists["config"] == {}, name
        assert [trial["settings"] for trial in finalists["trials"]] == [
            search["trials"][0]["settings"], best(search)
        ]  # fmt: skip
        assert all(trial["outcome"] == "complete" for trial in finalists["trials"])


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
