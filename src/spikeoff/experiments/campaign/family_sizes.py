"""The networks of ``spikeoff front``: each family in several sizes, spiking ones in steps too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.presets import Preset, preset_fields
from spikeoff.contenders.registry import find
from spikeoff.errors import UserError
from spikeoff.experiments.campaign.plan import Entry, check_choice, settings_label

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


def front_entries(
    families: Sequence[str],
    seeds: Sequence[int],
    preset: Preset,
    common: Mapping[str, Any],
    output: Path,
) -> list[Entry]:
    """The runs of a front, seed by seed, each into ``output/<family>/<settings>/seed-<n>``.

    Args:
        families: keys of ``SIZES``.
        seeds: one run of each network per seed.
        preset: under which every network is trained.
        common: settings of all runs.
        output: folder of the campaign.

    Raises:
        UserError: an unknown family, one named twice, or a value that a configuration refuses.
    """
    check_choice("families", families)
    check_choice("seeds", seeds)
    networks = []
    for family in families:
        if family not in SIZES:
            raise UserError(
                f"`families` names {family!r}, of which no sizes are listed; choose from "
                f"{', '.join(SIZES)}, or write sizes of your own for spikeoff campaign"
            )
        kind = find(family)
        for settings in SIZES[family]:
            config = from_plain(
                kind.config_type, {**preset_fields(kind, preset), **settings, **common}
            )
            networks.append((family, f"{family}/{settings_label(settings)}", config))
    result = []
    for seed in seeds:
        for family, folder, config in networks:
            place = f"{folder}/seed-{seed}"
            config_here = replace(config, seed=seed, save_path=output / place)
            result.append(Entry(family, config_here, place))
    return result
