"""The studies of a tuning: what is trained, for how long, and what varies.

Every contender gets as many trials on the same budget, of the settings in its ``search_space``;
trial 0 has its default settings. Only validation images decide. A study for ``quick`` searches; one
for ``tuned`` trains the best of that search for long, beside the default settings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from spikeoff.contenders.presets import TUNED_AS, budget
from spikeoff.contenders.registry import find, names
from spikeoff.contenders.study_records import StudyRecord, TunedPreset
from spikeoff.errors import UserError
from spikeoff.experiments.search import space
from spikeoff.experiments.search.settings import Settings, changed_settings

N_TRIALS: dict[TunedPreset, int] = {"quick": 10, "tuned": 3}
"""Trials of each contender, unless another number is asked for."""

REGULARISING = ("dropout", "weight_decay", "label_smoothing")
"""Settings against overfitting. A short training wants them weaker than a long one does."""


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


def study_settings(name: str, preset: TunedPreset, data: str) -> Settings:
    """The study of a contender: every trial trains for as long as the preset does.

    Args:
        name: of the contender.
        preset: ``quick`` stops trials early that are behind; ``tuned`` trains all to the end.
        data: the training images' fingerprint.
    """
    kind = find(name)
    config = replace(kind.config_type(), **budget(kind, preset))
    return Settings(
        contender=name,
        config=changed_settings(kind.config_type, vars(config)),
        space=space.from_content(kind.search_space, kind.config_type),
        seeds=(config.seed,),
        sampler="tpe",
        pruner="median" if preset == "quick" else "none",
        data=data,
    )


def finalists(name: str, record: StudyRecord | None, n: int, data: str) -> list[dict[str, Any]]:
    """The settings that ``tuned`` tries, from the study for ``quick``.

    The defaults; the best; the best again, but as strongly regularised as the defaults, where that
    differs; then the second best, and so on.

    Args:
        name: of the contender.
        record: its study for ``quick``; None where it was not tuned.
        n: how many settings.
        data: the training images' fingerprint.

    Raises:
        UserError: there is no such study, it is of other images, or it has too few trials.
    """
    again = f"run: spikeoff tune {name}, and name its studies.json with --studies"
    if record is None:
        raise UserError(f"{name} has no study for the preset quick; {again}")
    if record.data != data:
        raise UserError(f"the study of {name} for the preset quick is of other images; {again}")
    default = record.trials[0].settings
    kept = {field: value for field, value in default.items() if field in REGULARISING}
    best, *others = (trial.settings for trial in record.ranked)
    found: list[dict[str, Any]] = []
    for settings in (default, best, best | kept, *others):
        if settings not in found:
            found.append(settings)
    if len(found) < n:
        raise UserError(
            f"`n_trials` (={n}) is too large: the study of {name} for the preset quick gives "
            f"{len(found)} settings to try; lower it to at most {len(found)}"
        )
    return found[:n]
