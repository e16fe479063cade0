"""The studies of a tuning: what is trained, for how long, and what varies.

Every contender gets as many trials on the same budget, of the settings in its ``search_space``;
trial 0 has its default settings. Only validation images decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spikeoff.contenders.presets import QUICK, TUNED_AS
from spikeoff.contenders.registry import find, names
from spikeoff.contenders.study_records import TunedPreset
from spikeoff.errors import UserError
from spikeoff.experiments.search import space
from spikeoff.experiments.search.settings import Settings, changed_settings

N_TRIALS = 10

BUDGETS: dict[TunedPreset, dict[str, Any]] = {
    "quick": QUICK,
    "tuned": {"epochs": 8, "n_train": 20_000},
}
"""Epochs and images of a trial. The preset ``quick`` trains for as long; for ``tuned``, the best
trial and the default settings then train for all epochs on all images."""


def tunable() -> list[str]:
    """The contenders that are tuned: those that do not take the settings of another."""
    return [name for name in names() if name not in TUNED_AS and find(name).search_space]


def check_tunable(name: str) -> None:
    """Refuse a contender that is not tuned.

    Raises:
        UserError: there is no such contender, it takes another's settings, or varies none.
    """
    kind = find(name)
    if name in TUNED_AS:
        raise UserError(
            f"{name} takes the settings of {TUNED_AS[name]}; tune {TUNED_AS[name]}, or search "
            f"alone: spikeoff search {name}"
        )
    if not kind.search_space:
        raise UserError(f"{name} has no `search_space`; name the settings to vary with: "
                        f"spikeoff search {name} --vary FIELD=LOW..HIGH")  # fmt: skip


def search_settings(name: str, preset: TunedPreset, data: str) -> Settings:
    """The study that looks for settings; ``data`` is the training images' fingerprint."""
    return _settings(name, BUDGETS[preset] | find(name).quick, data, "median")


def finalist_settings(name: str, data: str) -> Settings:
    """The study that trains for all epochs on all images."""
    return _settings(name, {}, data, "none")


def _settings(name: str, budget: Mapping[str, Any], data: str, pruner: Any) -> Settings:
    kind = find(name)
    config = replace(kind.config_type(), **budget)
    return Settings(
        contender=name,
        config=changed_settings(kind.config_type, vars(config)),
        space=space.from_content(kind.search_space, kind.config_type),
        seeds=(config.seed,),
        sampler="tpe",
        pruner=pruner,
        data=data,
    )
