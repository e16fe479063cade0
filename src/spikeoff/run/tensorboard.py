"""The metrics of each epoch for TensorBoard: event files in the folder of the run.

``tensorboard --logdir runs`` shows the files. A resumed run adds a file; TensorBoard takes the
later value where two have the same epoch.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from spikeoff.extras import import_extra
from spikeoff.run.metrics_file import Row
from spikeoff.run.tracker import Description, Tracker

FOLDER = "tensorboard"


class TensorBoard(Tracker):
    """Writes a scalar per metric and epoch."""

    @staticmethod
    def check() -> None:
        """Raise if the extra ``tensorboard`` is missing."""
        import_extra("tensorboard", "tensorboard")

    def __init__(self, folder: Path, description: Description) -> None:
        del description
        module: Any = import_module("torch.utils.tensorboard")
        self._writer = module.SummaryWriter(str(folder / FOLDER))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._writer.close()

    def epoch(self, row: Row) -> None:
        """Write its metrics."""
        for name, value in row.items():
            if name != "epoch" and value is not None:
                self._writer.add_scalar(name, value, int(row["epoch"] or 0))
        self._writer.flush()

    def tested(self, accuracy: float, epoch: int) -> None:
        """Write the accuracy."""
        self._writer.add_scalar("test_accuracy", accuracy, epoch)
