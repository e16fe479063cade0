"""How many test images an exported network answers as its run did: ONNX in ONNX Runtime, NIR here.

Run: python benchmarks/export_parity.py RUN... [--format onnx|nir] [--into docs/export.md]

Needs the extra ``onnx`` or ``nir``. All test images are answered, of ``diehl-cook`` 500 evenly
spread ones. One thread.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import spikeoff
from page_tables import publish, table
from spikeoff.contenders.base import Contender
from spikeoff.data import Images
from spikeoff.experiments.exports import nir, onnx
from spikeoff.experiments.exports.onnx import LARGE_INPUT, Parity
from spikeoff.ledger.environment import cpu_name
from spikeoff.run.run_record import read_run
from spikeoff.run.trained import load_trained, spread_rows

HEAD = (
    "contender", "answers as in the run", "accuracy", "accuracy of the run",
    "largest difference of a score",
)  # fmt: skip


def in_onnx_runtime(contender: Contender, images: Images, scores: np.ndarray, at: Path) -> Parity:
    """Answers of ONNX Runtime."""
    path = at / "model.onnx"
    onnx.write(contender, images, path)
    return onnx.check(path, contender, images, scores)


def through_nir(contender: Contender, images: Images, scores: np.ndarray, at: Path) -> Parity:
    """Answers of the graph that was written and read again."""
    path = at / "model.nir"
    nir.write(contender, path)
    seed = vars(contender)["config"].seed
    graph = spikeoff.load_nir(path, seed=seed, num_threads=1)
    return onnx.parity(graph.respond(images).scores, scores, images.labels)


def row(folder: Path, file_format: str) -> tuple[str, ...]:
    """The row of a run."""
    contender, dataset = load_trained(folder, num_threads=1)
    rows = np.arange(len(dataset.test))
    if contender.network_inputs(dataset.test.take(slice(0, 1))).size >= LARGE_INPUT:
        rows = spread_rows(len(rows), 500)
    images = dataset.test.take(rows)
    scores = contender.respond(images).scores
    measure = {"onnx": in_onnx_runtime, "nir": through_nir}[file_format]
    with TemporaryDirectory() as at:
        found = measure(contender, images, scores, Path(at))
    return (
        f"`{read_run(folder).label}`", f"{found.same:,} of {found.images:,}",
        f"{100 * found.accuracy:.2f} %", f"{100 * found.run_accuracy:.2f} %",
        f"{found.difference:.2g}",
    )  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """One table of all runs given."""
    given = list(arguments)
    options = {}
    for name in ("--format", "--into"):
        if name in given:
            place = given.index(name)
            options[name] = given[place + 1]
            del given[place : place + 2]
    file_format = options.get("--format", "onnx")
    rows = [row(Path(folder), file_format) for folder in given]
    text = f"{table(HEAD, rows)}\n\nOne thread of an {cpu_name()}."
    publish(f"{file_format}-parity", text, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
