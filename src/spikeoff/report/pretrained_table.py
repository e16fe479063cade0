"""The pretrained networks of the package, one row each."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from spikeoff.pretrained import pretrained_folder, pretrained_names
from spikeoff.run.run_record import read_run


def pretrained_rows() -> list[dict[str, str]]:
    """What each network can do, costs and has learned from, as text by heading.

    Operations are effective synaptic ones: AC an addition, MAC a multiply-accumulate.

    Raises:
        UserError: a file of a network is damaged.
    """
    return [_row(name) for name in pretrained_names()]


def terminal_table() -> Table:
    """The rows for a terminal."""
    rows = pretrained_rows()
    table = Table(
        title="Pretrained networks",
        caption="Trained on MNIST; weights are rounded to 8 significant bits, and all figures are "
        "of the rounded networks. Operations: effective synaptic ones (AC an addition, MAC a "
        "multiply-accumulate). Use one by its name: spikeoff predict mlp photo.png",
        caption_justify="left",
    )
    for number, heading in enumerate(rows[0] if rows else ()):
        table.add_column(heading, justify="right" if number else "left", no_wrap=not number)
    for row in rows:
        table.add_row(*row.values())
    return table


def _row(name: str) -> dict[str, str]:
    folder = pretrained_folder(name)
    summary = read_run(folder).summary
    size = sum(path.stat().st_size for path in folder.iterdir())
    return {
        "Network": name,
        "Test accuracy (%)": f"{100 * summary['accuracy']['test']:.2f}",
        "Operations/image": _operations(summary["operations"]),
        "Training images": f"{summary['data']['n_train']:,}",
        "Epochs": str(summary["epochs"]["chosen"]),
        "MB": f"{size / 1e6:.2f}",
    }


def _operations(done: dict[str, Any]) -> str:
    counts = ((done["effective_acs"], "AC"), (done["effective_macs"], "MAC"))
    return " + ".join(f"{count:,.0f} {unit}" for count, unit in counts if round(count))
