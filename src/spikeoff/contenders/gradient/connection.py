"""Which pixels the first hidden layer is connected to: all, or for each neuron one field.

Fields are those of ``izhikevich-stdp``: neurons in columns on a map of the image, each column with
a square of pixels (``contenders.column_map``). What a map leaves out is a weight of exactly 0.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.base import require
from spikeoff.contenders.column_map import ColumnMap, check_columns, columns_per_side
from spikeoff.contenders.gradient.layer_sizes import Sizes
from spikeoff.data import ImageSpec

Connection = Literal["dense", "columns"]

OF_COLUMNS = ("columns", "field")
"""Settings of synapses in columns."""


class Connected(Protocol):
    """Settings of a network whose first layer may be connected in columns."""

    @property
    def hidden(self) -> Sizes:
        """Neurons by hidden layer."""

    @property
    def synapses(self) -> Connection:
        """The kind of connection."""

    @property
    def columns(self) -> int | None:
        """Columns per side."""

    @property
    def field(self) -> int:
        """Pixels per side of a field."""

    @property
    def keep(self) -> float:
        """Share of weights kept by pruning."""


def check_connection(config: Connected) -> None:
    """Refuse settings that no map has, or that have no effect.

    Raises:
        UserError: a setting breaks a rule.
    """
    if config.synapses == "columns":
        require("keep", config.keep, config.keep == 1,
                "left out: `synapses` is columns, which are not pruned")  # fmt: skip
        check_columns(config.hidden[0], config.columns, config.field)
        return
    for name in OF_COLUMNS:
        value = getattr(config, name)
        require(name, value, value == getattr(type(config), name),
                "left out: `synapses` is dense, and this is a setting of columns")  # fmt: skip


def connection_mask(config: Connected, spec: ImageSpec) -> NDArray[np.bool_] | None:
    """[pixels, neurons] where the first layer has synapses; None where everywhere."""
    if config.synapses == "dense":
        return None
    n = config.hidden[0]
    side = columns_per_side(n, config.columns)
    return ColumnMap(side, n // side**2, config.field, spec.shape).mask()


def absent_synapses(config: Connected, spec: ImageSpec) -> int:
    """Places of the first layer's matrix without a synapse."""
    mask = connection_mask(config, spec)
    return 0 if mask is None else int(mask.size - mask.sum())


def connection_settings(config: Connected) -> dict[str, Any]:
    """The settings of a conventional twin with the same connection; defaults are left out."""
    if config.synapses == "dense":
        return {}
    changed = [name for name in OF_COLUMNS if getattr(config, name) != getattr(type(config), name)]
    return {"synapses": "columns", **{name: getattr(config, name) for name in changed}}
