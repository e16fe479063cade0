"""What the presets of a race change.

``quick`` is a short race; settings of some contenders were searched for its few epochs.
``original`` is the complete training with the numbers of the original scripts; ``full`` is another
name of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args

from spikeoff.contenders.base import Config, Contender
from spikeoff.contenders.registry import find, parse
from spikeoff.errors import UserError

Preset = Literal["quick", "original", "full"]
PRESETS: tuple[Preset, ...] = get_args(Preset)

QUICK: dict[str, Any] = {
    "epochs": 4, "n_train": 20_000, "timing_seconds": 0.5, "energy_seconds": 9.0
}  # fmt: skip
"""What the quick preset changes for every contender; the test set stays whole."""

QUICK_SETTINGS: dict[str, dict[str, Any]] = {
    # 10 trials: 95.00 % with the settings of original, 96.98 % with these
    "mlp": {"learning_rate": 0.083, "dropout": 0.045, "warmup_epochs": 0.45, "batch_size": 64},
    "mlp-int8": {"learning_rate": 0.083, "dropout": 0.045, "warmup_epochs": 0.45, "batch_size": 64},
    # 10 trials: 95.62 % with the settings of original, at most 95.20 % with others
    "izhikevich-stdp": {},
}
"""What it changes for single contenders: the settings with the highest accuracy on the validation
images of seed 0 in a search of 10 trials; those of ``mlp-int8`` are those of ``mlp``. The others
were not searched. ``docs/presets.md`` has the searches."""


def preset_fields(kind: type[Contender], preset: Preset) -> dict[str, Any]:
    """The fields that a preset sets in a contender's configuration."""
    if preset != "quick":
        return {}
    return QUICK | kind.quick | QUICK_SETTINGS.get(getattr(kind, "id", ""), {})


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
