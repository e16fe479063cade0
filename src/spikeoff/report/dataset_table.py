"""A data set described for a terminal."""

from __future__ import annotations

import numpy as np
from rich.markup import escape
from rich.table import Table

from spikeoff.data import Dataset


def dataset_table(dataset: Dataset) -> Table:
    """Images per class in both parts, pixels, how they were found, and the fingerprint."""
    found = f"Found: {'; '.join(dataset.notes)}.\n" if dataset.notes else ""
    caption = escape(f"{found}SHA-256 {dataset.sha256()}")
    table = Table(title=escape(dataset.name), caption=caption, caption_justify="left")
    table.add_column("")
    parts = {"train": dataset.train, "test": dataset.test}
    for name in parts:
        table.add_column(name, justify="right")
    counts = [np.bincount(part.labels, minlength=dataset.spec.n_classes) for part in parts.values()]
    for label, name in enumerate(dataset.spec.classes):
        table.add_row(escape(f"class {name}"), *(f"{count[label]:,}" for count in counts))
    table.add_section()
    table.add_row("size", *(" x ".join(map(str, dataset.spec.shape)),) * 2)
    table.add_row("images", *(f"{len(part):,}" for part in parts.values()))
    table.add_row("mean pixel", *(f"{part.pixels.mean():.2f}" for part in parts.values()))
    shares = [100 * np.count_nonzero(part.pixels) / part.pixels.size for part in parts.values()]
    table.add_row("nonzero pixels", *(f"{share:.2f} %" for share in shares))
    return table
