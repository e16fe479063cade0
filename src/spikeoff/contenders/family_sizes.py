"""The networks of ``spikeoff front``: each family in several sizes, spiking ones in steps too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikeoff.contenders.base import Config
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.presets import Preset, override_preset, preset_fields, shared_settings
from spikeoff.contenders.registry import find
from spikeoff.errors import UserError

Settings = Mapping[str, Any]


def _widths(*sizes: int, **others: Any) -> list[Settings]:
    """One hidden layer of each of these sizes."""
    return [{"hidden": (size,), **others} for size in sizes]


def _steps(width: Settings, *steps: int) -> list[Settings]:
    """A network of one size with each of these numbers of steps."""
    return [{**width, "n_steps": n} for n in steps]


SIZES: dict[str, list[Settings]] = {
    "mlp": [
        *_widths(8, 16, 32, 64, 128, 256, 512, 1024),
        *_widths(64, 128, 256, 512, synapses="columns"),
    ],
    "izhikevich-sparse": [
        *_widths(32, 64, 128, 256, 512, n_steps=8),
        *_steps({"hidden": (128,)}, 5, 12),
        *_widths(64, 128, 256, 512, n_steps=8, synapses="columns"),
    ],
    "izhikevich-stdp": [
        *({"n_hidden": n, "n_steps": 20} for n in (32, 64, 128, 256, 512, 1024)),
        *_steps({"n_hidden": 256}, 10, 15),
    ],
    "izhikevich-gradient": [
        *_widths(32, 64, 128, 256, 512, n_steps=50),
        *_steps({"hidden": (128,)}, 12, 25),
    ],
    "cnn": [{"n_hidden": n} for n in (8, 16, 32, 64, 128, 512)],
    "diehl-cook": [{"n_e": n} for n in (25, 50, 100, 200, 400, 800)],
}
"""The settings of each network, by family."""

DEFAULT = ("mlp", "izhikevich-sparse", "izhikevich-stdp", "izhikevich-gradient")
"""The families of a campaign that names none; the other two take most time."""


def family_networks(
    family: str, preset: Preset, common: Mapping[str, Any]
) -> list[tuple[Settings, Config]]:
    """The networks of a family: the settings in which they differ, and their configurations.

    Args:
        family: a key of ``SIZES``.
        preset: under which every network is trained.
        common: settings of all of them.

    Raises:
        UserError: an unknown family, or a value that a configuration refuses.
    """
    if family not in SIZES:
        raise UserError(
            f"`families` names {family!r}, of which no sizes are listed; choose from "
            f"{', '.join(SIZES)}, or write sizes of your own for spikeoff campaign"
        )
    kind = find(family)
    fields = preset_fields(kind, preset)
    common = shared_settings(kind.config_type, common)
    return [
        (
            settings,
            from_plain(kind.config_type, override_preset(kind, fields, {**settings, **common})),
        )
        for settings in SIZES[family]
    ]
