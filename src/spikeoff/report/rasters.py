"""The spikes of a few test images as the page shows them, frame by frame."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.ledger.raster import Raster, Shown, read_raster
from spikeoff.report.data_uris import Colour, image_uri, palette_uri
from spikeoff.run.run_record import RunRecord

MAX_FRAMES = 70
WIDTH, HEIGHT = 420, 260
LINE = 5.5
"""Height of a class's name (% of the picture)."""
BLUE, VERMILION = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)
COLOURS: list[Colour] = [BLUE, VERMILION]
OTHER, ANSWER = 1, 2
"""Palette entries: spikes of neurons that speak for the answer, and of the others."""

Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class Panel:
    """A contender's spikes, for all images.

    duration: of all (ms), as text.
    starts: (class or "", share of the height (%) at which its neurons begin, whether the one
        above leaves no room for its name), top down.
    frame_ms: time of a frame.
    unit: what the bars of the classes are.
    images: one each, what the script steps through; see ``_image``.
    height, width: of an image; classes: their names.
    """

    name: str
    seed: int
    neurons: int
    frames: int
    frame_ms: float
    duration: str
    starts: list[tuple[str, float, bool]]
    unit: str
    images: list[dict[str, Any]]
    height: int
    width: int
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Rasters:
    """The panels of all spiking contenders that kept their spikes, and the images they share.

    missing: spiking contenders whose runs kept none.
    """

    images: list[dict[str, Any]]
    panels: list[Panel]
    missing: list[str]


def rasters(groups: Mapping[str, Sequence[RunRecord]]) -> Rasters:
    """What the first seed of each spiking contender kept."""
    kept: list[tuple[str, RunRecord, Raster]] = []
    missing = []
    for name, records in groups.items():
        record = records[0]
        raster = read_raster(record.folder, record.spec) if record.summary["spiking"] else None
        same = kept and raster and np.array_equal(raster.images.ids, kept[0][2].images.ids)
        if raster is not None and (same or not kept):
            kept.append((name, record, raster))
        elif record.summary["spiking"]:
            missing.append(name)
    if not kept:
        return Rasters([], [], missing)
    images = kept[0][2].images
    shown = [
        {"picture": image_uri(pixels), "label": kept[0][1].spec.classes[label]}
        for pixels, label in zip(images.pixels, images.labels, strict=True)
    ]
    return Rasters(shown, [_panel(*one) for one in kept], missing)


def _panel(name: str, record: RunRecord, raster: Raster) -> Panel:
    steps = len(raster.shown[0].scores)
    per_frame = -(-steps // MAX_FRAMES)
    speaks_for = raster.speaks_for.astype(np.int64)
    classes = record.spec.classes
    speaks_for[speaks_for < 0] = len(classes)  # those that speak for none come last
    order = np.argsort(speaks_for, kind="stable")
    return Panel(
        name=name,
        seed=record.seed,
        neurons=len(speaks_for),
        frames=-(-steps // per_frame),
        frame_ms=per_frame * raster.dt,
        duration=f"{steps * raster.dt:g}",
        starts=_starts(speaks_for[order], classes),
        height=record.spec.height,
        width=record.spec.width,
        classes=classes,
        unit=raster.unit,
        images=[
            _image(one, int(answer), speaks_for, order, per_frame, record.spec.channels)
            for one, answer in zip(raster.shown, raster.answers, strict=True)
        ],
    )


def _starts(
    speaks_for: NDArray[np.int64], classes: tuple[str, ...]
) -> list[tuple[str, float, bool]]:
    """``Panel.starts`` from the classes of the neurons, in the order in which they are drawn."""
    result, named = [], -math.inf
    for label, first in zip(*np.unique(speaks_for, return_index=True), strict=True):
        top = 100 * first / len(speaks_for)
        tight = top - named < LINE
        named = named if tight else top
        result.append((str([*classes, ""][label]), round(float(top), 2), bool(tight)))
    return result


def _image(
    one: Shown,
    answer: int,
    speaks_for: NDArray[np.int64],
    order: NDArray[np.int64],
    per_frame: int,
    channels: int,
) -> dict[str, Any]:
    """What one image evokes, as the script takes it.

    answer: the label. hidden: picture of all hidden spikes. inputs: base64 of a bit a pixel and
    frame. counts: input and hidden spikes so far, by frame. bars: [frames][classes] what speaks
    for each class so far, from 0 to 1.
    """
    ends = np.append(np.arange(per_frame, len(one.scores), per_frame), len(one.scores)) - 1
    starts = np.arange(0, len(one.scores), per_frame)
    inputs, hidden = (np.maximum.reduceat(s, starts, axis=0) for s in (one.inputs, one.hidden))
    so_far = [s.sum(axis=1, dtype=np.int64).cumsum()[ends] for s in (one.inputs, one.hidden)]
    inputs = inputs.reshape(len(inputs), -1, channels).max(axis=2)
    return {
        "answer": answer,
        "hidden": palette_uri(_dots(hidden[:, order], speaks_for[order] == answer), COLOURS),
        "inputs": base64.b64encode(np.packbits(inputs, axis=1).tobytes()).decode(),
        "counts": np.transpose(so_far).tolist(),
        "bars": np.round(_bars(one.scores[ends]), 3).tolist(),
    }


def _dots(spikes: Bits, speaks: NDArray[np.bool_]) -> Bits:
    """A picture [height, width] of [frames, n] spikes, time to the right, neurons downwards."""
    frames, n = spikes.shape
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    edges = np.linspace(0, WIDTH, frames + 1).astype(int)
    wide = max(2, min(6, int(edges[1]) - 1))
    high = 3 if spikes.sum() < 4 * HEIGHT else 2
    for frame, (left, _) in enumerate(pairwise(edges)):
        neurons = np.flatnonzero(spikes[frame])
        tops = ((neurons + 0.5) / n * HEIGHT - high / 2).clip(0, HEIGHT - high).astype(int)
        for entry, mine in ((OTHER, ~speaks[neurons]), (ANSWER, speaks[neurons])):
            for top in tops[mine]:
                picture[top : top + high, left : left + wide] = entry
    return picture


def _bars(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Scores [frames, classes] scaled to 0..1 over all frames, 0 included; unknown ones are 0."""
    finite = scores[np.isfinite(scores)]
    low, high = min(0.0, float(finite.min(initial=0))), float(finite.max(initial=0))
    shares = (scores.astype(float) - low) / max(high - low, 1e-12)
    return np.clip(np.nan_to_num(shares, nan=0, posinf=1, neginf=0), 0, 1)
