"""What the presets of a race change.

``quick`` is a short race, with settings tuned for its few epochs. ``original`` is the complete
training with the numbers of the original scripts; ``full`` is another name of it. ``tuned`` is a
long training on all images, with settings tuned for accuracy. All contenders were tuned with as
many trials on the same budget: ``study_records`` has every trial, and ``spikeoff tune`` repeats
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, TypeVar, get_args

from spikeoff.contenders.base import Config, Contender
from spikeoff.contenders.registry import find, parse
from spikeoff.contenders.study_records import TunedPreset, found_settings
from spikeoff.data.split import held_out_of
from spikeoff.errors import UserError

ConfigType = TypeVar("ConfigType", bound=Config)

Preset = Literal["quick", "original", "full", "tuned"]
PRESETS: tuple[Preset, ...] = get_args(Preset)

QUICK: dict[str, Any] = {
    "epochs": 4, "n_train": 20_000, "timing_seconds": 0.5, "energy_seconds": 9.0
}  # fmt: skip
"""What the quick preset changes for every contender; the test set stays whole."""

TUNED_EPOCHS = 15
"""The tuned preset trains for as many epochs at most, on all images."""

TUNED_AS: dict[str, str] = {"mlp-int8": "mlp"}
"""Contenders that take the settings found for another."""


def preset_fields(kind: type[Contender], preset: Preset) -> dict[str, Any]:
    """The fields that a preset sets in a contender's configuration."""
    name = getattr(kind, "id", "")
    name = TUNED_AS.get(name, name)
    if preset in ("quick", "tuned"):
        return budget(kind, preset) | found_settings(name, preset)
    return {}


def override_preset(
    kind: type[Contender], preset: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings of a preset, overridden by those given.

    Settings of the preset that have no effect beside those given are left out: a configuration
    refuses them, and the user did not ask for them.
    """
    settings = {**preset, **given}
    unused = kind.config_type.unused_settings(settings)
    return {k: value for k, value in settings.items() if k in given or k not in unused}


def budget(kind: type[Contender], preset: TunedPreset) -> dict[str, Any]:
    """How long and on how many images a tuned preset trains a contender."""
    if preset == "quick":
        return QUICK | kind.quick
    return {"epochs": min(kind.config_type().epochs, TUNED_EPOCHS)}


def preset_config(kind: type[Contender], preset: Preset) -> Config:
    """A contender's configuration under a preset."""
    return replace(kind.config_type(), **preset_fields(kind, preset))


def labelled_config(label: str, preset: Preset) -> tuple[str, Config]:
    """The contender that a label names, and its configuration under a preset.

    Raises:
        UserError: there is no such contender, or it has no such engine.
    """
    name, engine = parse(label)
    config: Any = preset_config(find(name), preset)
    if engine is None:
        return name, config
    if not hasattr(config, "engine"):
        raise UserError(f"{name} has no engines to choose from; name it without @{engine}")
    return name, replace(config, engine=engine)


def shared_settings(config: Config | type[Config], common: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a whole race as a network has them: strict mode only where it has one."""
    return {k: value for k, value in common.items() if k != "strict" or config.has_strict}


def fitting(config: ConfigType, n_images: int) -> ConfigType:
    """The same configuration for a data set: how many images validate, and how many train.

    Where ``quick`` asks for more than there are, all train.

    Args:
        config: of any preset.
        n_images: number of images in the training part of the data set.
    """
    n_validation = held_out_of(n_images, config.n_validation)
    too_few = config.n_train == QUICK["n_train"] and n_images - n_validation < QUICK["n_train"]
    n_train = None if too_few else config.n_train
    return replace(config, n_validation=n_validation, n_train=n_train)
