"""A run as it is read back from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.registry import label, parse
from spikeoff.data import MNIST, ImageSpec
from spikeoff.data.npz import read_arrays
from spikeoff.errors import UserError, one_line
from spikeoff.run.folder import CONFIG, PREDICTIONS, STARTED_IN, SUMMARY
from spikeoff.run.json_files import read_json
from spikeoff.run.metrics_file import Row, read_metrics
from spikeoff.run.record_schema import fault


@dataclass(frozen=True)
class RunRecord:
    """A finished run as read from its folder."""

    folder: Path
    summary: dict[str, Any]
    rows: list[Row]
    labels: NDArray[np.uint8]
    answers: NDArray[np.uint8]
    ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Numbers of the test images in their data set; empty where not known."""

    @property
    def contender(self) -> str:
        """Which network ran."""
        return str(self.summary["contender"])

    @property
    def label(self) -> str:
        """What a race calls it: the network, with ``@engine`` where that is not ours."""
        return label(self.contender, self.summary["config"].get("engine"))

    @property
    def title(self) -> str:
        """What figures call it."""
        _, engine = parse(self.label)
        title = str(self.summary.get("title", self.contender))
        return title if engine is None else f"{title} ({engine})"

    @property
    def seed(self) -> int:
        """Its seed."""
        return int(self.summary["seed"])

    @property
    def spec(self) -> ImageSpec:
        """What its images are; those of MNIST where an earlier version wrote the record."""
        return _spec(self.folder, self.summary["data"])

    def confusion(self) -> NDArray[np.int64]:
        """[classes, classes] test images by true class (row) and answer (column)."""
        counts = np.zeros((self.spec.n_classes,) * 2, np.int64)
        np.add.at(counts, (self.labels, self.answers), 1)
        return counts


def read_run(folder: Path) -> RunRecord:
    """The finished run in ``folder``.

    Raises:
        UserError: there is none, or a file of it is damaged.
    """
    return with_summary(folder, _read_summary(folder))


def with_summary(folder: Path, summary: dict[str, Any]) -> RunRecord:
    """The run in ``folder`` with this summary, which need not have been written yet."""
    arrays = read_arrays(folder / PREDICTIONS, ("ids", "labels", "scores"))
    ids, labels, scores = arrays["ids"], arrays["labels"], arrays["scores"]
    n_classes = _spec(folder, summary["data"]).n_classes
    fitting = labels.ndim == 1 and scores.shape == (len(labels), n_classes)
    fitting = fitting and ids.shape == labels.shape and ids.dtype.kind == "i"
    if not fitting or labels.dtype != np.uint8 or scores.dtype.kind != "f" or not len(labels):
        raise UserError(f"{folder / PREDICTIONS}: not the predictions of a run; run it again")
    if int(labels.astype(np.uint8).max()) >= n_classes:
        raise UserError(f"{folder / PREDICTIONS}: a label is above {n_classes - 1}; run it again")
    answers = scores.argmax(axis=1).astype(np.uint8)
    rows = read_metrics(folder / str(summary["files"]["metrics"]))
    return RunRecord(folder, summary, rows, labels.astype(np.uint8), answers, ids.astype(np.int64))


def _spec(folder: Path, data: dict[str, Any]) -> ImageSpec:
    try:
        shape = tuple(map(int, data.get("shape", MNIST.shape)))
        return ImageSpec(shape, tuple(map(str, data.get("classes", MNIST.classes))))
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{folder / SUMMARY}: `data.shape` or `data.classes` are not those of images "
            f"({one_line(error)}); run it again"
        ) from error


def _read_summary(folder: Path) -> dict[str, Any]:
    path = folder / SUMMARY
    if not path.is_file():
        unfinished = (folder / CONFIG).is_file()
        what = "the run in it did not finish" if unfinished else "no run in this folder"
        raise UserError(f"{folder}: {what} ({SUMMARY} is missing)")
    summary = read_json(path, dict[str, Any])
    found = fault(summary)
    if found is not None:
        raise UserError(f"{path}: {found}; not the record of a run")
    metrics = summary["files"]["metrics"]
    if Path(metrics).name != metrics:
        raise UserError(f"{path}: `metrics` (={metrics[:60]!r}) must be the name of a file beside")
    return summary


def read_config(folder: Path) -> tuple[str, dict[str, Any], Path]:
    """The contender of the run in ``folder``, its settings, and from where their paths go.

    Raises:
        UserError: there is no run, or its ``config.json`` is damaged.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise UserError(f"{folder}: no run in this folder ({CONFIG} is missing)")
    content = read_json(path, dict[str, Any])
    name, started_in = content.pop("contender", None), content.pop(STARTED_IN, ".")
    if not isinstance(name, str) or not isinstance(started_in, str):
        raise UserError(f"{path}: not the settings of a run; start it again in another folder")
    return name, content, Path(started_in)


def find_runs(places: Sequence[Path]) -> list[Path]:
    """Folders of finished runs at or below ``places``, in order.

    Raises:
        UserError: a place holds none.
    """
    found: list[Path] = []
    for place in places:
        below = (
            [place]
            if (place / SUMMARY).is_file()
            else sorted(path.parent for path in place.rglob(SUMMARY))
        )
        if not below:
            raise UserError(f"{place}: no finished run in or below it ({SUMMARY} is missing)")
        found += [path for path in below if path not in found]
    return found
