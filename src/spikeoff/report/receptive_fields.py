"""What the neurons of the STDP networks learned to see, from a run's weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.figures import GAP
from spikeoff.contenders.izhikevich_stdp.figures import field_map
from spikeoff.contenders.izhikevich_stdp.layout import Layout
from spikeoff.data import MNIST, ImageSpec
from spikeoff.report.data_uris import heat_uri
from spikeoff.run.learned import read_weights
from spikeoff.run.run_record import RunRecord

A_ROW = 10
"""Neurons shown for each class."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fields:
    """A picture of receptive fields.

    ratio: its width over its height.
    rows: what stands beside each row of it; empty where rows mean nothing.
    """

    name: str
    seed: int
    picture: str
    ratio: float
    caption: str
    rows: list[str]


def receptive_fields(groups: Mapping[str, Sequence[RunRecord]]) -> list[Fields]:
    """One picture for each contender that has one, of its first seed."""
    first = {name: records[0] for name, records in groups.items()}
    found = [
        (name, record, KNOWN[record.contender](record))
        for name, record in first.items()
        if record.contender in KNOWN
    ]
    return [
        Fields(
            name, record.seed, heat_uri(drawn[0]), drawn[0].shape[1] / drawn[0].shape[0],
            drawn[1], drawn[2],
        )
        for name, record, drawn in found
        if drawn is not None
    ]  # fmt: skip


def by_class(weights: Floats, means: Floats, spec: ImageSpec = MNIST) -> Floats:
    """The neurons that respond most to the class they stand for, one row per class: a picture.

    Args:
        weights: [n, pixels].
        means: [classes, n] mean response to each class; a neuron stands for its highest.
    """
    height, width = spec.height, spec.width
    picture = np.full((len(means) * (height + GAP) - GAP, A_ROW * (width + GAP) - GAP), np.nan)
    strongest = means.max(axis=0)
    stands_for = np.where(strongest > 0, means.argmax(axis=0), -1)
    for label in range(len(means)):
        mine = np.flatnonzero(stands_for == label)
        for place, neuron in enumerate(mine[np.argsort(-means[label, mine])][:A_ROW]):
            field = weights[neuron].reshape(height, width, -1).mean(axis=2)
            y, x = label * (height + GAP), place * (width + GAP)
            picture[y : y + height, x : x + width] = field / max(float(field.max()), 1e-12)
    return picture


def _diehl_cook(record: RunRecord) -> tuple[Floats, str, list[str]] | None:
    held = read_weights(record.folder, ("weights_0", "means"))
    if held is None:
        return None
    weights, means = held["weights_0"].astype(float), held["means"].astype(float)
    if weights.ndim != 2 or weights.shape[1] != record.spec.n_pixels or means.ndim != 2:
        return None
    caption = (
        f"For each class, the weights of the {A_ROW} neurons (of {len(weights)}) that respond most "
        "to it. Each shows the prototype that its neuron learned without labels."
    )
    rows = list(record.spec.classes)
    return by_class(weights, means[:, : len(weights)], record.spec), caption, rows


def _izhikevich_stdp(record: RunRecord) -> tuple[Floats, str, list[str]] | None:
    from spikeoff.contenders.izhikevich_stdp.config import IzhikevichSTDPConfig  # noqa: PLC0415

    held = read_weights(record.folder, ("hidden",))
    config: dict[str, Any] = record.summary["config"]
    if held is None or held["hidden"].shape != (record.spec.n_pixels, config.get("n_hidden")):
        return None
    sizes = {key: config[key] for key in ("n_hidden", "columns", "field") if key in config}
    settings = IzhikevichSTDPConfig(**sizes)
    side = settings.side
    layout = Layout(side, settings.n_hidden // side**2, settings.field, record.spec.shape)
    caption = (
        f"The weights of all {settings.n_hidden} hidden neurons: {side} x {side} columns of "
        f"{layout.size} neurons, each column at its position in the image. The neurons learned "
        "these fields without labels."
    )
    return field_map(layout, held["hidden"].astype(np.float32)), caption, []


KNOWN: dict[str, Callable[[RunRecord], tuple[Floats, str, list[str]] | None]] = {
    "diehl-cook": _diehl_cook,
    "izhikevich-stdp": _izhikevich_stdp,
}
