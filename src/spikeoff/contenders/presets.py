"""What the presets of a race change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args

from spikeoff.contenders.base import Config, Contender
from spikeoff.contenders.registry import find, parse
from spikeoff.errors import UserError

Preset = Literal["quick", "full"]
PRESETS: tuple[Preset, ...] = get_args(Preset)

QUICK: dict[str, Any] = {
    "epochs": 4, "n_train": 20_000, "timing_seconds": 0.5, "energy_seconds": 9.0
}  # fmt: skip
"""What the quick preset changes for every contender; the test set stays whole."""


def preset_config(kind: type[Contender], preset: Preset) -> Config:
    """A contender's configuration under a preset."""
    config = kind.config_type()
    return replace(config, **(QUICK | kind.quick)) if preset == "quick" else config


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
