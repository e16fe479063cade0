"""The conventional twins that a race adds to its spiking contenders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from spikeoff.contenders.base import Config, Twin
from spikeoff.contenders.effects import Effect, effects
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.presets import Preset, preset_fields, shared_settings
from spikeoff.contenders.registry import find
from spikeoff.errors import UserError, one_line

NO_RESULT = frozenset({Effect.SEED, Effect.NONE})
"""Runs that differ in such settings alone are of one network, trained in one way."""


def perceptron_twins(settings: Mapping[str, Any], n_steps: int) -> tuple[Twin, ...]:
    """The perceptron with these settings, and one with the bits that spikes can tell apart.

    A neuron that fires at most once in each of T steps sends one of T + 1 numbers of spikes, which
    an activation of ceil(log2(T + 1)) bits matches.
    """
    bits = n_steps.bit_length()  # equal to ceil(log2(T + 1))
    return Twin("mlp", settings), Twin("mlp-int8", {**settings, "activation_bits": bits})


@dataclass(frozen=True)
class AddedTwin:
    """A twin that a race adds.

    contender, config: who learns, and how.
    settings: those that make the contender a twin.
    """

    contender: str
    config: Config
    settings: Mapping[str, Any]


def added_twins(
    chosen: Iterable[tuple[str, Config]], preset: Preset, common: Mapping[str, Any]
) -> list[AddedTwin]:
    """The twins of the spiking ones among ``chosen``, each once; none that is chosen itself.

    The quick preset takes the first twin of each, so that its race stays short.

    Args:
        chosen: contenders and their configurations.
        preset: of the race; a twin is trained as its contender is under that preset.
        common: settings of all runs of the race.

    Raises:
        UserError: a contender names a twin that does not exist, or settings that it refuses.
    """
    chosen = list(chosen)
    present = [(name, deciding(config)) for name, config in chosen]
    added = []
    for name, config in chosen:
        twins = find(name).twins(config)
        for twin in twins[:1] if preset == "quick" else twins:
            one = _configured(name, twin, preset, common)
            if (one.contender, deciding(one.config)) not in present:
                present.append((one.contender, deciding(one.config)))
                added.append(one)
    return added


def deciding(config: Config) -> Config:
    """A configuration without what decides no result: two of one network are equal."""
    kind = type(config)
    default = kind()
    unsaid = {k: getattr(default, k) for k, effect in effects(kind).items() if effect in NO_RESULT}
    return replace(config.resolved(), **unsaid)


def _configured(
    of: str, twin: Twin, preset: Preset, common: Mapping[str, Any]
) -> AddedTwin:  # fmt: skip
    try:
        kind = find(twin.contender)
        shared = shared_settings(kind.config_type, common)
        settings = {**preset_fields(kind, preset), **twin.settings, **shared}
        config = from_plain(kind.config_type, settings)
    except (UserError, TypeError) as error:
        raise UserError(
            f"{of} names a twin that cannot be run ({one_line(error, 200)}); leave twins out with "
            "--no-twins"
        ) from error
    return AddedTwin(twin.contender, config, twin.settings)
