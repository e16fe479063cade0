"""The sizes of a network's hidden layers, as a setting; names of the layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import tyro

from spikeoff.contenders.base import require
from spikeoff.contenders.field_checks import fits

N_HIDDEN = "n_hidden"
"""The name of the setting when there was one hidden layer; still understood."""

Sizes = Annotated[tuple[int, ...], tyro.conf.arg(aliases=[f"--{N_HIDDEN}"])]
ALIASES = {N_HIDDEN: "hidden"}


def check_sizes(sizes: tuple[int, ...], most: int | None = None) -> None:
    """Refuse no layer at all, an empty one, and one of more than ``most`` neurons."""
    rule = "at least 1" if most is None else f"from 1 to {most}"
    holds = bool(sizes) and all(size >= 1 and (most is None or size <= most) for size in sizes)
    require("hidden", " ".join(map(str, sizes)), holds, f"one or more numbers, each {rule}")


def migrate_sizes(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with ``n_hidden`` as ``hidden``."""
    changed = dict(settings)
    if N_HIDDEN in changed:
        size = changed.pop(N_HIDDEN)
        require(N_HIDDEN, size, fits(size, int), "a whole number")
        require(N_HIDDEN, size, size >= 1, "at least 1")
        changed["hidden"] = (size,)
    return changed


def part_name(name: str, layer: int) -> str:
    """What a part of hidden layer ``layer``, counted from 1, is called: hidden, hidden_2, ..."""
    return name if layer == 1 else f"{name}_{layer}"
