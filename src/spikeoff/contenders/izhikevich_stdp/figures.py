"""What the network looks like: its receptive fields, and its spikes and potentials in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.izhikevich_stdp.layout import Layout
from spikeoff.neurons.izhikevich import V_FLOOR, V_PEAK
from spikeoff.plotting import COLOURS, new_figure, save_figure

GAP = 1  # between two fields
WIDE_GAP = 5  # between two columns


@dataclass(frozen=True)
class Watched:
    """What one image evoked.

    pixels: [height, width(, channels)]; label, answer: names of classes.
    inputs: [n_steps, pixels], spikes: [n_steps, neurons], 1 where a spike.
    potentials: [n_steps, neurons] before reset (mV).
    outputs: [n_steps, classes] the same of output neurons; without them, scores so far.
    has_outputs: whether there are output neurons.
    best: number of the class that was answered.
    dt: step (ms).
    """

    pixels: NDArray[np.uint8]
    label: str
    inputs: NDArray[np.uint8]
    spikes: NDArray[np.uint8]
    potentials: NDArray[np.float32]
    outputs: NDArray[np.float32]
    has_outputs: bool
    answer: str
    best: int
    dt: float


def field_map(layout: Layout, weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Every neuron's field, columns where they stand on the image; gaps are NaN.

    Weights are shown as shares of their neuron's largest.
    """
    rows, columns = (layout.spans(length) for length in layout.shape[:2])
    tall, wide = (max(stop - first for first, stop in spans) for spans in (rows, columns))
    across = math.ceil(math.sqrt(layout.size))
    down = math.ceil(layout.size / across)
    cell = (down * (tall + GAP) - GAP + WIDE_GAP, across * (wide + GAP) - GAP + WIDE_GAP)
    picture = np.full((layout.side * cell[0] - WIDE_GAP, layout.side * cell[1] - WIDE_GAP), np.nan)
    fields = weights.T.reshape(layout.side, layout.side, layout.size, *layout.shape[:2], -1)
    fields = fields.mean(axis=-1)
    for row, (top, bottom) in enumerate(rows):
        for column, (left, right) in enumerate(columns):
            for k in range(layout.size):
                seen = fields[row, column, k, top:bottom, left:right]
                y = row * cell[0] + k // across * (tall + GAP) + (tall - bottom if top == 0 else 0)
                x = (
                    column * cell[1]
                    + k % across * (wide + GAP)
                    + (wide - right if left == 0 else 0)
                )
                shown = seen / max(float(seen.max()), 1e-12)
                picture[y : y + seen.shape[0], x : x + seen.shape[1]] = shown
    return picture


def save_fields(layout: Layout, weights: NDArray[np.float32], path: Path) -> None:
    """Write the receptive fields of ``weights`` [pixels, neurons] as a figure."""

    def draw() -> Any:
        figure = new_figure(8.6, 7.8)
        axes = figure.add_subplot()
        image = axes.imshow(field_map(layout, weights), cmap="magma", interpolation="nearest")
        axes.set_axis_off()
        axes.set_title(
            f"What {weights.shape[1]} hidden neurons learned to see: {layout.side} x "
            f"{layout.side} columns of {layout.size},\neach where it looks at the image"
        )
        figure.colorbar(
            image, ax=axes, label="Weight (share of the neuron's largest)", shrink=0.6, pad=0.02
        )
        return figure

    save_figure(draw, path)


def save_raster(watched: Sequence[Watched], layout: Layout, path: Path) -> None:
    """Write what a few images evoke: input spikes, hidden spikes, potentials, side by side."""

    def draw() -> Any:
        figure = new_figure(3.6 * len(watched) + 1.2, 9.6)
        axes = figure.subplots(
            5, len(watched), squeeze=False, sharex="row", sharey="row",
            height_ratios=(1.3, 1.3, 2.6, 1.2, 1.6),
        )  # fmt: skip
        for place, one in enumerate(watched):
            _draw_image(axes[0, place], one)
            _draw_spikes(axes[1, place], one.inputs, one.dt, COLOURS[6])
            _draw_spikes(axes[2, place], one.spikes, one.dt, COLOURS[0])
            _draw_column(axes[3, place], one, layout)
            _draw_outputs(axes[4, place], one)
            axes[4, place].set_xlabel("Time (ms)")
        output = "Output v (mV)" if watched[0].has_outputs else "Score (logit)"
        for row, label in enumerate(("", "Input pixel", "Hidden neuron", "Hidden v (mV)", output)):
            axes[row, 0].set_ylabel(label)
        return figure

    save_figure(draw, path)


def _draw_image(axes: Any, one: Watched) -> None:
    axes.imshow(one.pixels, cmap="Greys", vmin=0, vmax=255)
    axes.set_axis_off()
    axes.set_title(f"{one.label}, answered {one.answer}")


def _draw_spikes(axes: Any, spikes: NDArray[np.uint8], dt: float, colour: str) -> None:
    steps, neurons = np.nonzero(spikes)
    axes.scatter(steps * dt, neurons, s=5, marker="|", linewidths=0.9, color=colour)
    axes.set(xlim=(-0.5 * dt, len(spikes) * dt), ylim=(spikes.shape[1], -1))
    axes.grid(visible=False)


def _draw_column(axes: Any, one: Watched, layout: Layout) -> None:
    """The column in which most spikes fell: who won it, and the others."""
    by_column = one.spikes.reshape(len(one.spikes), -1, layout.size).sum(axis=(0, 2))
    start = int(by_column.argmax()) * layout.size
    counts = one.spikes[:, start : start + layout.size].sum(axis=0)
    times = np.arange(len(one.spikes)) * one.dt
    for k in np.argsort(counts, kind="stable"):
        best = k == counts.argmax()
        v = np.clip(one.potentials[:, start + k], V_FLOOR, V_PEAK)
        axes.plot(times, v, color=COLOURS[0] if best else "#bbbbbb", linewidth=1.6 if best else 0.8)
    axes.set_title(f"column {start // layout.size}, its most active in blue", fontsize=10)


def _draw_outputs(axes: Any, one: Watched) -> None:
    times = np.arange(len(one.outputs)) * one.dt
    others = [k for k in range(one.outputs.shape[1]) if k != one.best]
    for k in [*others, one.best]:
        best = k == one.best
        traced = one.outputs[:, k]
        if one.has_outputs:
            traced = np.clip(traced, V_FLOOR, V_PEAK)
        axes.plot(
            times, traced, color=COLOURS[1] if best else "#bbbbbb", linewidth=1.6 if best else 0.8
        )
    what = "neuron" if one.has_outputs else "class"
    axes.set_title(f"{what} {one.answer} in red, the others in grey", fontsize=10)
