"""Every reader of files, as a function of the bytes of one; and who watches while it reads."""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from spikeoff.contenders.diehl_cook.connections import read_connection, sizes
from spikeoff.contenders.diehl_cook.files import layers_of, read_responses
from spikeoff.contenders.diehl_cook.initial_layers import read_theta
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.registry import find
from spikeoff.contenders.settings_file import read_settings
from spikeoff.data import delimited, idx, npy, npz, pickled, pictures
from spikeoff.data.tensors import read_tensors
from spikeoff.errors import UserError
from spikeoff.experiments.campaign import read_race
from spikeoff.experiments.search.space import from_file
from spikeoff.ledger.operation_energy import load_table
from spikeoff.report.race_table import terminal_table
from spikeoff.run import checkpoints
from spikeoff.run.metrics_file import read_metrics
from spikeoff.run.run_record import read_config, read_run

CORPUS = Path(__file__).parent / "corpus"

FORBIDDEN = (
    "os.", "shutil.", "subprocess.", "socket.", "pickle.", "marshal.", "ctypes.", "tempfile.",
    "glob.", "webbrowser.", "urllib.", "pty.", "signal.", "fcntl.", "mmap.",
)  # fmt: skip
HARMLESS = {"os.listdir", "os.scandir", "os.putenv", "os.unsetenv", "mmap.__new__"}
"""What a reader may do beside opening its file: look into its folder, and map the file."""


class Watch:
    """Notes what happens in this process that no reader may do; on only within ``with``."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._on = False
        sys.addaudithook(self._hear)

    def __enter__(self) -> None:
        self._on = True

    def __exit__(self, *_: object) -> None:
        self._on = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        writes = (
            event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        )
        if writes or (event.startswith(FORBIDDEN) and event not in HARMLESS):
            self.seen.append(f"{event} {arguments!r}"[:200])


WATCH = Watch()


def examine(reader: str, folder: Path, data: bytes) -> None:
    """Let a reader read; what it may not do is an error."""
    WATCH.seen.clear()
    READERS[reader](folder, data)
    assert not WATCH.seen, WATCH.seen


def attempt(read: Callable[[], object]) -> str | None:
    """The line that a reader refuses a file with; None where it takes it."""
    try:
        with WATCH:
            read()
    except UserError as error:
        line = str(error)
        assert line, "an empty message"
        assert "\n" not in line, line
        assert len(line) < 1000, line
        return line
    return None


def read_idx(folder: Path, data: bytes) -> None:
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(data)
    for n_dimensions in (1, 3):
        attempt(lambda n=n_dimensions: idx.read_array(path, n))  # type: ignore[misc]
    path.write_bytes(gzip.compress(data, 1))
    attempt(lambda: idx.read_array(path, 3))


def read_npy(folder: Path, data: bytes) -> None:
    path = folder / "XeAe.npy"
    path.write_bytes(data)
    if attempt(lambda: npy.read_array(path)) is None:
        attempt(lambda: sizes(path))
        attempt(lambda: read_connection(path, (4, 4)))
        attempt(lambda: read_theta(path, 3))
        for name in ("result_monitor_final.npy", "input_numbers_final.npy"):
            (folder / name).write_bytes(data)
        attempt(lambda: read_responses(folder, "final"))


def read_npz(folder: Path, data: bytes) -> None:
    """The bytes as an archive; and as the images in a sound one."""
    path = folder / "mnist.npz"
    path.write_bytes(data)
    attempt(lambda: npz.load(path, "x"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for key in npz.KEYS:
            archive.writestr(f"{key}.npy", data if key == "x_train" else sound(key))
    path.write_bytes(packed.getvalue())
    attempt(lambda: npz.load(path, "x"))


def sound(key: str) -> bytes:
    """An array that belongs into a data set of three images."""
    stream = io.BytesIO()
    np.save(stream, np.zeros((3, 28, 28) if key[0] == "x" else 3, np.uint8))
    return stream.getvalue()


def read_pickle(folder: Path, data: bytes) -> None:
    for name in ("training.pickle", "testing.pickle"):
        (folder / name).write_bytes(data)
    attempt(lambda: pickled.load(folder / "training.pickle", "x"))
    (folder / "mnist.pkl.gz").write_bytes(gzip.compress(data, 1))
    attempt(lambda: pickled.load(folder / "mnist.pkl.gz", "x"))


def read_safetensors(folder: Path, data: bytes) -> None:
    path = folder / "checkpoint-a.safetensors"
    path.write_bytes(data)
    attempt(lambda: checkpoints.read(path))
    if attempt(lambda: read_tensors(path)) is None:
        attempt(lambda: layers_of(read_tensors(path)))


def read_json(folder: Path, data: bytes) -> None:
    """The bytes as the record of a run, as its settings, and as a race."""
    for name in ("summary.json", "config.json", "race.json"):
        (folder / name).write_bytes(data)
    if not (folder / "predictions.npz").exists():
        scores = np.eye(10, dtype=np.float32)
        digits = np.arange(10, dtype=np.uint8)
        np.savez(folder / "predictions.npz", ids=np.arange(10), labels=digits, scores=scores)
        (folder / "m.csv").write_text("epoch,loss\n1,0.5\n")
    if attempt(lambda: read_run(folder)) is None:
        attempt(lambda: terminal_table([read_run(folder)]))
    attempt(lambda: read_race(folder))
    attempt(lambda: settings(folder))


def settings(folder: Path) -> None:
    name, content, _ = read_config(folder)
    from_plain(find(name).config_type, content)


def read_csv(folder: Path, data: bytes) -> None:
    """The bytes as the metrics of a run."""
    (folder / "m.csv").write_bytes(data)
    attempt(lambda: read_metrics(folder / "m.csv"))


def read_table(folder: Path, data: bytes) -> None:
    """The bytes as a table of images, alone and as the training part."""
    for name in ("own.csv", "train.csv", "test.csv"):
        (folder / name).write_bytes(data)
    attempt(lambda: delimited.load(folder / "own.csv", "x"))
    attempt(lambda: delimited.load(folder / "train.csv", "x"))


def read_picture_file(folder: Path, data: bytes) -> None:
    path = folder / "one.png"
    path.write_bytes(data)
    attempt(lambda: pictures.read_picture(path))


def read_toml(folder: Path, data: bytes) -> None:
    """The bytes as a table of energies, as settings, and as the space of a search."""
    path = folder / "some.toml"
    path.write_bytes(data)
    attempt(lambda: load_table(path))
    for name in ("mlp", "diehl-cook"):
        kind = find(name).config_type
        attempt(partial(read_settings, path, name, kind))
        attempt(partial(from_file, path, kind))


READERS: dict[str, Callable[[Path, bytes], None]] = {
    "idx": read_idx,
    "npy": read_npy,
    "npz": read_npz,
    "pickle": read_pickle,
    "safetensors": read_safetensors,
    "json": read_json,
    "csv": read_csv,
    "toml": read_toml,
    "table": read_table,
    "picture": read_picture_file,
}
