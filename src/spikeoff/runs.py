"""A run's folder: what is written into it, and how it is read back.

    config.json          every hyperparameter
    <metrics>.csv        a row an epoch
    <log>.log            what happened when
    summary.json         the record; written last, so that a folder with one is a finished run
    predictions.npz      ids, labels and scores of the test images
    weights.safetensors  what was learned
    raster.npz           spikes of a few test images, of spiking contenders (contenders.raster)
    anytime.csv          accuracy and cost after every so many steps, of spiking contenders
    figures              confusion matrix and training analysis

Names in angle brackets differ by contender. Every file but the log, which grows, is written
whole or not at all.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import N_CLASSES
from spikeoff.data.npz import read_arrays
from spikeoff.errors import UserError, one_line
from spikeoff.files import whole_file, write_text

if TYPE_CHECKING:
    from spikeoff.contenders.base import Config, State

CONFIG = "config.json"
SUMMARY = "summary.json"
PREDICTIONS = "predictions.npz"
WEIGHTS = "weights.safetensors"
ANYTIME = "anytime.csv"

NEEDED: dict[str, tuple[str, ...]] = {
    "contender": (),
    "title": (),
    "spiking": (),
    "engine": (),
    "seed": (),
    "version": (),
    "parameters": (),
    "energy": (),
    "config": ("tdp",),
    "data": ("name", "sha256", "n_train", "n_validation", "n_test"),
    "epochs": ("trained", "chosen"),
    "accuracy": ("train", "validation", "test"),
    "time": ("train_s", "test_ms_per_example"),
    "spikes": ("kind", "per_example_hidden", "hidden_rate", "input_per_example"),
    "operations": ("dense_macs", "effective_macs", "effective_acs", "membrane_updates"),
    "memory": ("peak_rss_bytes",),
    "environment": ("cpu", "cores", "threads", "gpu", "device", "os", "python", "libraries"),
    "files": ("metrics",),
}
"""What a record must hold to be reported."""

Row = dict[str, float | None]


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
    def seed(self) -> int:
        """Its seed."""
        return int(self.summary["seed"])

    def confusion(self) -> NDArray[np.int64]:
        """[10, 10] test images by true digit (row) and answer (column)."""
        counts = np.zeros((N_CLASSES, N_CLASSES), np.int64)
        np.add.at(counts, (self.labels, self.answers), 1)
        return counts


class RunFolder:
    """A folder that a run writes to."""

    def __init__(self, path: Path) -> None:
        """Make the folder.

        Raises:
            UserError: a run is in it already, or it cannot be made.
        """
        self.path = path
        for name in (SUMMARY, CONFIG):
            if (path / name).exists():
                raise UserError(f"{path}: holds a run already ({name}); name another folder")
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{path}: cannot be made: {error.strerror}") from error

    def write_config(self, contender: str, config: Config) -> None:
        """Every hyperparameter, and whose they are."""
        self._write_json(CONFIG, {"contender": contender, **plain(config)})

    def write_metrics(self, name: str, rows: Sequence[Row]) -> None:
        """All rows so far; a column for every key that any row has."""
        text = io.StringIO()
        columns = list(dict.fromkeys(key for row in rows for key in row))
        writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {key: "" if value is None else f"{value:.8g}" for key, value in row.items()}
            for row in rows
        )
        write_text(self.path / name, text.getvalue())

    def write_predictions(
        self,
        ids: NDArray[np.int64],
        labels: NDArray[np.uint8],
        scores: NDArray[np.float32],
    ) -> None:
        """The test images' answers, for later comparison image by image."""
        with whole_file(self.path / PREDICTIONS) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, ids=ids, labels=labels, scores=scores)

    def write_weights(self, state: State) -> None:
        """What was learned."""
        from safetensors.numpy import save_file  # noqa: PLC0415 (only runs write weights)

        with whole_file(self.path / WEIGHTS) as temporary:
            save_file({k: np.ascontiguousarray(v) for k, v in state.items()}, temporary)

    def preview(self, summary: dict[str, Any]) -> RunRecord:
        """The run as it will be read back once ``summary`` is written."""
        return _read_rest(self.path, summary)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """The record; it makes the run a finished one."""
        self._write_json(SUMMARY, summary)

    def _write_json(self, name: str, content: Mapping[str, Any]) -> None:
        write_text(self.path / name, json.dumps(content, indent=2, allow_nan=False) + "\n")


def plain(value: Any) -> Any:
    """Dataclasses, paths and NumPy numbers as JSON has them; NaN and infinity become null."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def read_run(folder: Path) -> RunRecord:
    """The finished run in ``folder``.

    Raises:
        UserError: there is none, or a file of it is damaged.
    """
    return _read_rest(folder, _read_summary(folder))


def _read_rest(folder: Path, summary: dict[str, Any]) -> RunRecord:
    arrays = read_arrays(folder / PREDICTIONS, ("ids", "labels", "scores"))
    ids, labels, scores = arrays["ids"], arrays["labels"], arrays["scores"]
    fitting = labels.ndim == 1 and scores.shape == (len(labels), N_CLASSES)
    fitting = fitting and ids.shape == labels.shape and ids.dtype.kind == "i"
    if not fitting or labels.dtype != np.uint8 or scores.dtype.kind != "f" or not len(labels):
        raise UserError(f"{folder / PREDICTIONS}: not the predictions of a run; run it again")
    if int(labels.astype(np.uint8).max()) >= N_CLASSES:
        raise UserError(f"{folder / PREDICTIONS}: a label is above 9; run it again")
    answers = scores.argmax(axis=1).astype(np.uint8)
    rows = _read_metrics(folder / str(summary["files"]["metrics"]))
    return RunRecord(folder, summary, rows, labels.astype(np.uint8), answers, ids.astype(np.int64))


def _read_summary(folder: Path) -> dict[str, Any]:
    path = folder / SUMMARY
    if not path.is_file():
        unfinished = (folder / CONFIG).is_file()
        what = "the run in it did not finish" if unfinished else "no run in this folder"
        raise UserError(f"{folder}: {what} ({SUMMARY} is missing)")
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: damaged ({one_line(error)}); run it again") from error
    for key, inner in NEEDED.items():
        held = summary.get(key) if isinstance(summary, dict) else None
        if held is None or (inner and not (isinstance(held, dict) and held.keys() >= set(inner))):
            raise UserError(f"{path}: {key!r} is missing or incomplete; not the record of a run")
    return dict(summary)


def _read_metrics(path: Path) -> list[Row]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return [
                {key: float(value) if value else None for key, value in row.items()}
                for row in csv.DictReader(stream)
            ]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read ({one_line(error)}); run it again") from error


def read_weights(folder: Path, names: Sequence[str]) -> State | None:
    """Learned arrays by name; None where the file or one of them is missing.

    Raises:
        UserError: the file is damaged.
    """
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415 (few need weights)

    path = folder / WEIGHTS
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="np") as held:
            if not set(names) <= set(held.keys()):
                return None
            return {name: held.get_tensor(name) for name in names}
    except (OSError, SafetensorError, ValueError) as error:
        raise UserError(f"{path}: damaged ({one_line(error)}); remove it, or run again") from error


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
