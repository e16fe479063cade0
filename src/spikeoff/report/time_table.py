"""Time: what training took, and answers one at a time and many together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from spikeoff.report.groups import ranked
from spikeoff.run.run_record import RunRecord

CAPTION = (
    "Latency and images/s: median (and quartiles) of repeated answers to the same images, without "
    "warm-up; with several seeds, their means. Batch: the batch size with the most images/s."
)


def caption(records: Sequence[RunRecord]) -> str:
    """What the times are, and whether other runs slowed them."""
    most = max((run.summary["environment"].get("runs_at_a_time", 1) for run in records), default=1)
    if most == 1:
        return CAPTION
    return (
        f"{CAPTION} Up to {most} runs took place at a time, which makes each slower; --workers 1 "
        "measures each alone."
    )


def latency(summary: Mapping[str, Any], which: str = "median") -> float | None:
    """Milliseconds an answer to one image takes; None in records of earlier versions."""
    found = summary["time"].get("latency_ms")
    return None if found is None else float(found[which])


def throughput(summary: Mapping[str, Any], which: str = "median") -> float | None:
    """Images per second with the best batch; None in records of earlier versions."""
    found = summary["time"].get("throughput")
    return None if found is None else float(found["images_per_s"][which])


def batch(summary: Mapping[str, Any]) -> int | None:
    """The best batch; None in records of earlier versions."""
    found = summary["time"].get("throughput")
    return None if found is None else int(found["batch"])


def time_rows(records: Sequence[RunRecord]) -> list[dict[str, str]]:
    """One row per contender, best mean test accuracy first; cells are text by heading."""
    return [
        {
            "Contender": name,
            "Training (s)": _mean([run.summary["time"]["train_s"] for run in runs]),
            "Whole test set (ms/image)": _mean(
                [run.summary["time"]["test_ms_per_example"] for run in runs]
            ),
            "Latency of one image (ms)": _spread(
                [[latency(run.summary, which) for run in runs] for which in ("median", "q1", "q3")]
            ),
            "Images/s": _spread(
                [
                    [throughput(run.summary, which) for run in runs]
                    for which in ("median", "q1", "q3")
                ]
            ),
            "Batch": _batches([batch(run.summary) for run in runs]),
        }
        for name, runs in ranked(records).items()
    ]


def time_table(records: Sequence[RunRecord]) -> Table:
    """The rows for a terminal."""
    rows = time_rows(records)
    table = Table(title="Time", caption=caption(records), caption_justify="left")
    for number, heading in enumerate(rows[0]):
        table.add_column(heading, justify="left" if number == 0 else "right", no_wrap=number == 0)
    for row in rows:
        table.add_row(*row.values())
    return table


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return _digits(float(np.mean(known))) if len(known) == len(values) else "unavailable"


def _spread(values: Sequence[Sequence[float | None]]) -> str:
    median, q1, q3 = map(_mean, values)
    return f"{median} ({q1} to {q3})" if median != "unavailable" else median


def _batches(values: Sequence[int | None]) -> str:
    return ", ".join(dict.fromkeys(f"{value:,}" for value in values if value)) or "unavailable"


def _digits(value: float) -> str:
    """Three digits, and every one before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
