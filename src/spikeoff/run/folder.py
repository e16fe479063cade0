"""A run's folder: what is written into it, and how it is read back.

    config.json          every hyperparameter
    <metrics>.csv        a row an epoch
    <log>.log            what happened when
    summary.json         the record; written last, so that a folder with one is a finished run
    predictions.npz      ids, labels and scores of the test images
    weights.safetensors  what was learned
    model.keras          the network, of engine tensorflow
    raster.npz           spikes of a few test images, of spiking contenders (contenders.raster)
    anytime.csv          accuracy and cost after every so many steps, of spiking contenders
    figures              confusion matrix and training analysis
    checkpoint-[ab].safetensors   from where an unfinished run goes on; gone once it is finished
    run.lock             held while a process writes to the folder

Names in angle brackets differ by contender. Every file but the log, which grows, is written
whole or not at all.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from spikeoff.contenders.registry import label, parse
from spikeoff.data import MNIST, ImageSpec
from spikeoff.data.npz import read_arrays
from spikeoff.data.tensors import write_tensors
from spikeoff.errors import UserError, one_line
from spikeoff.files import TEMPORARY, whole_file, write_text
from spikeoff.run.record_schema import fault

if TYPE_CHECKING:
    from spikeoff.contenders.base import Config, State

CONFIG = "config.json"
SUMMARY = "summary.json"
PREDICTIONS = "predictions.npz"
WEIGHTS = "weights.safetensors"
LOCK = "run.lock"
STARTED_IN = "started_in"
"""The key in ``config.json`` for the working directory of the run."""
ANYTIME = "anytime.csv"

MAX_TEXT_BYTES = 1 << 24

Row = dict[str, float | None]


class FolderLostError(UserError):
    """The folder that a run writes to is gone; there is nothing to go on for."""


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


class RunFolder:
    """A folder that a run writes to, and no other process meanwhile; a context manager.

    The lock is the system's: it goes with the process, however that ends.
    """

    def __init__(self, path: Path, *, resumed: bool = False) -> None:
        """Make the folder, or with ``resumed`` open that of an unfinished run.

        Raises:
            UserError: a run is in it already (or none), another process writes to it, or it
                cannot be made.
        """
        self.path = path
        self._check_content(resumed)
        try:
            path.mkdir(parents=True, exist_ok=True)
            found = path.stat()
        except OSError as error:
            raise UserError(f"{path}: cannot be made: {error.strerror}") from error
        self._identity = (found.st_dev, found.st_ino)
        self._lock = _lock(path / LOCK)
        try:
            self._check_content(resumed)
            if resumed:
                remove_temporaries(path)
        except UserError:
            self.close()
            raise

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write to the folder."""
        with contextlib.suppress(OSError):
            (self.path / LOCK).unlink(missing_ok=True)
        self._lock.release()

    def at(self, name: str) -> Path:
        """The path of a file in the folder.

        Raises:
            FolderLostError: the folder is no longer the one that the run began in.
        """
        self.check_in_place()
        return self.path / name

    def check_in_place(self) -> None:
        """Refuse to go on where the folder was moved or removed.

        Raises:
            FolderLostError: it was.
        """
        try:
            found = self.path.stat()
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._identity:
            raise FolderLostError(
                f"{self.path}: the folder was moved or removed while a run wrote to it; if it was "
                "moved, go on with --resume and its new name"
            )

    def _check_content(self, resumed: bool) -> None:
        if resumed and not (self.path / CONFIG).is_file():
            raise UserError(f"{self.path}: no run in this folder ({CONFIG} is missing)")
        for name in () if resumed else (SUMMARY, CONFIG):
            if (self.path / name).exists():
                raise UserError(f"{self.path}: holds a run already ({name}); name another folder")

    def write_config(self, contender: str, config: Config) -> None:
        """Every hyperparameter, whose they are, and from where their paths go."""
        content = {"contender": contender, STARTED_IN: str(Path.cwd()), **plain(config)}
        self._write_json(CONFIG, content)

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
        write_text(self.at(name), text.getvalue())

    def write_predictions(
        self,
        ids: NDArray[np.int64],
        labels: NDArray[np.uint8],
        scores: NDArray[np.float32],
    ) -> None:
        """The test images' answers, for later comparison image by image."""
        with whole_file(self.at(PREDICTIONS)) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, ids=ids, labels=labels, scores=scores)

    def write_weights(self, state: State) -> None:
        """What was learned."""
        write_tensors(self.at(WEIGHTS), state)

    def preview(self, summary: dict[str, Any]) -> RunRecord:
        """The run as it will be read back once ``summary`` is written."""
        return _read_rest(self.path, summary)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """The record; it makes the run a finished one."""
        self._write_json(SUMMARY, summary)

    def _write_json(self, name: str, content: Mapping[str, Any]) -> None:
        write_text(self.at(name), json.dumps(content, indent=2, allow_nan=False) + "\n")


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


def read_config(folder: Path) -> tuple[str, dict[str, Any], Path]:
    """The contender of the run in ``folder``, its settings, and from where their paths go.

    Raises:
        UserError: there is no run, or its ``config.json`` is damaged.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise UserError(f"{folder}: no run in this folder ({CONFIG} is missing)")
    content = read_json(path)
    name, started_in = content.pop("contender", None), content.pop(STARTED_IN, ".")
    if not isinstance(name, str) or not isinstance(started_in, str):
        raise UserError(f"{path}: not the settings of a run; start it again in another folder")
    return name, content, Path(started_in)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of this package's.

    Raises:
        UserError: it is missing, damaged, or larger than any such file.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_TEXT_BYTES + 1)
        if len(raw) > MAX_TEXT_BYTES:
            raise ValueError(f"over {MAX_TEXT_BYTES >> 20} MiB")
        content = json.loads(raw.decode("utf-8"))
        if not isinstance(content, dict):
            raise ValueError("no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: damaged ({one_line(error)}); run it again") from error
    return content


def remove_temporaries(folder: Path) -> None:
    """Remove the parts of files that a process left when it was killed."""
    for path in folder.glob(TEMPORARY):
        with contextlib.suppress(OSError):
            path.unlink()


def _lock(path: Path) -> FileLock:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UserError(
            f"{path.parent}: another process writes to this folder; wait for it, stop it, or name "
            "another folder"
        ) from error
    except (OSError, NotImplementedError) as error:
        raise UserError(f"{path.parent}: cannot be written: {one_line(error)}") from error
    return lock


def read_run(folder: Path) -> RunRecord:
    """The finished run in ``folder``.

    Raises:
        UserError: there is none, or a file of it is damaged.
    """
    return _read_rest(folder, _read_summary(folder))


def _read_rest(folder: Path, summary: dict[str, Any]) -> RunRecord:
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
    except (TypeError, ValueError, UserError) as error:
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
    summary = read_json(path)
    found = fault(summary)
    if found is not None:
        raise UserError(f"{path}: {found}; not the record of a run")
    metrics = summary["files"]["metrics"]
    if Path(metrics).name != metrics:
        raise UserError(f"{path}: `metrics` (={metrics[:60]!r}) must be the name of a file beside")
    return summary


def read_metrics(path: Path) -> list[Row]:
    """The rows of a run's metrics file.

    Raises:
        UserError: it is missing, damaged, or larger than any such file.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_TEXT_BYTES + 1)
        if len(raw) > MAX_TEXT_BYTES:
            raise ValueError(f"over {MAX_TEXT_BYTES >> 20} MiB")
        rows: list[Row] = [
            {key: float(value) if value else None for key, value in row.items()}
            for row in csv.DictReader(io.StringIO(raw.decode("utf-8"), newline=""))
        ]
        if any(row.get("epoch") is None for row in rows):
            raise ValueError("a row without its epoch")
        return rows
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


def wait_until_free(folder: Path, seconds: float) -> None:
    """Wait until no other process writes to a run's folder.

    Raises:
        UserError: one still does, after so many seconds.
    """
    if not folder.is_dir():
        return
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=seconds)
    except Timeout as error:
        raise UserError(
            f"{folder}: another process writes to this folder, for {seconds:g} s by now; stop it"
        ) from error
    except (OSError, NotImplementedError) as error:
        raise UserError(f"{folder}: cannot be written: {one_line(error)}") from error
    lock.release()
