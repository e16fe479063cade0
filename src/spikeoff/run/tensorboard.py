"""The metrics of each epoch for TensorBoard: event files in the folder of the run.

Everything stays on this machine: ``tensorboard --logdir runs`` shows the files. A resumed run adds
a file; TensorBoard takes the later value where two have the same epoch.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from spikeoff.extras import import_extra
from spikeoff.run.metrics_file import Row

FOLDER = "tensorboard"


def check_installed() -> None:
    """Raise before a run begins if TensorBoard cannot be written.

    Raises:
        UserError: the extra ``tensorboard`` is missing.
    """
    import_extra("tensorboard", "tensorboard")


class TensorBoard:
    """Writes a scalar per metric and epoch; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Write below the folder of a run."""
        module: Any = import_module("torch.utils.tensorboard")
        self._writer = module.SummaryWriter(str(folder / FOLDER))

    def __enter__(self) -> TensorBoard:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def epoch(self, row: Row) -> None:
        """An epoch is over."""
        for name, value in row.items():
            if name != "epoch" and value is not None:
                self._writer.add_scalar(name, value, int(row["epoch"] or 0))
        self._writer.flush()
