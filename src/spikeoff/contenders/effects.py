"""What each setting decides, stated at the field that holds it.

    num_threads: int | None = setting(None, Effect.SPEED)

A field without such a statement decides the result. So does a field of a third party's
configuration: a campaign or a report never mistakes two different runs for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, field, fields
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")

KEY = "spikeoff"
"""The key of our entry in a field's metadata."""


class Effect(Enum):
    """What a setting decides."""

    RESULT = "what is learned, or from what"
    SEED = "chance: runs that differ in it alone are repetitions"
    DATA = "the name of the data; the images themselves decide the result"
    DEVICE = "where the run computes"
    SPEED = "how fast it computes; of some contenders the last bits too"
    ESTIMATE = "an estimate in the record; nothing that is learned or measured"
    MEASURING = "how long time and energy are measured; 0 leaves the measurement out"
    NONE = "nothing in the record"


REPETITION = frozenset({Effect.SEED, Effect.SPEED, Effect.MEASURING, Effect.NONE})
"""Runs that differ in such settings alone are repetitions of one configuration."""


def setting(default: T, effect: Effect = Effect.RESULT, *, searched: bool = True) -> T:
    """A field of a configuration with its default and what it decides.

    Args:
        default: the field's default.
        effect: what the setting decides.
        searched: whether a search may vary it; only settings that decide the result are varied.
    """
    made: T = field(default=default, metadata={KEY: (effect, searched)})
    return made


def effects(kind: type[Any]) -> Mapping[str, Effect]:
    """What each field of a configuration decides."""
    return {one.name: _statement(one)[0] for one in fields(kind)}


def searched(kind: type[Any]) -> list[str]:
    """The fields that a search may vary."""
    statements = {one.name: _statement(one) for one in fields(kind)}
    return [name for name, (effect, vary) in statements.items() if vary and effect is Effect.RESULT]


def _statement(one: Field[Any]) -> tuple[Effect, bool]:
    found: tuple[Effect, bool] = one.metadata.get(KEY, (Effect.RESULT, True))
    return found
