"""ONNX: the trained network for ONNX Runtime and all that reads its format.

The input is called ``spikes`` [n, steps, pixels] in a network of spikes, else ``pixels`` [n,
channels, height, width] from 0 to 1; the output ``scores`` [n, classes]. ``diehl-cook`` also gives
``spike_counts`` [n, neurons]: its graph is one presentation, and an image that evokes fewer than 5
excitatory spikes is to be presented again. ``check`` compares the answers of ONNX Runtime with
those that the run's record holds, on all test images, or on some where the input is large.

Source of the format: https://onnx.ai/onnx/intro/; recurrent parts are the operator Scan.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff import __version__
from spikeoff.contenders.base import Contender
from spikeoff.data import Images
from spikeoff.experiments.exports import Exported
from spikeoff.experiments.exports.onnx_graph import EXTRA, OPSET, Graph
from spikeoff.experiments.exports.onnx_layers import OnnxWriter
from spikeoff.extras import import_extra
from spikeoff.files import whole_file
from spikeoff.run.trained import load_trained, spread_rows

IR_VERSION = 8
"""The version of the file format that goes with the operators."""

BATCH = 250
"""Images that are checked at once, at most."""

BATCH_VALUES = 10_000_000
"""Numbers of input that are checked at once."""

LARGE_INPUT, CHECKED = 200_000, 500
"""From so many numbers of input per image on, only so many images are checked."""


@dataclass(frozen=True)
class Parity:
    """How the answers of another program compare with those of the run.

    images: compared.
    same: of them with the same answer.
    accuracy, run_accuracy: share of right answers.
    difference: largest difference of a score.
    """

    images: int
    same: int
    accuracy: float
    run_accuracy: float
    difference: float

    def __str__(self) -> str:
        """In one line."""
        return (
            f"{self.same:,} of {self.images:,} answers are those of the run; accuracy "
            f"{100 * self.accuracy:.2f} % (run: {100 * self.run_accuracy:.2f} %); scores differ "
            f"by at most {self.difference:.2g}"
        )


def export(folder: Path, output: Path) -> Exported:
    """Write the network of the run in ``folder``, and check it on all test images.

    Raises:
        UserError: there is no finished run, its network is no list of layers, or the extra
            ``onnx`` is missing.
    """
    contender, dataset = load_trained(folder)
    test = dataset.test
    write(contender, test, output)
    rows = np.arange(len(test))
    if contender.network_inputs(test.take(slice(0, 1))).size >= LARGE_INPUT:
        rows = spread_rows(len(test), CHECKED)
    checked = test.take(rows)
    found = check(output, contender, checked, contender.respond(checked).scores)
    return Exported(output, f"ONNX Runtime: {found}")


def write(contender: Contender, images: Images, path: Path) -> None:
    """Write the trained network.

    Args:
        contender: the network.
        images: one or more images, for the sizes of the input.
        path: of the file.

    Raises:
        UserError: the network is no list of layers, or the extra ``onnx`` is missing.
    """
    onnx, helper = import_extra(EXTRA, "onnx"), import_extra(EXTRA, "onnx.helper")
    example = contender.network_inputs(images.take(slice(0, 1)))
    graph = Graph()
    pixels = graph.input("spikes" if example.ndim == 3 else "pixels")
    writer = OnnxWriter(graph, pixels)
    outputs = [graph.named(writer.write(contender.layer_list()), "scores")]
    shapes: list[tuple[int | str, ...]] = [
        ("n", *example.shape[1:]), ("n", contender.spec.n_classes)
    ]  # fmt: skip
    if (counts := writer.spike_counts()) is not None:
        outputs.append(graph.named(counts, "spike_counts"))
        shapes.append(("n", "neurons"))
    whole = graph.finish(contender.id, [pixels], outputs, shapes)
    model = helper.make_model(
        whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
        producer_name="spikeoff", producer_version=__version__, doc_string=contender.title,
    )  # fmt: skip
    helper.set_model_props(model, _facts(contender))
    onnx.checker.check_model(model, full_check=True)
    with whole_file(path) as temporary:
        onnx.save(model, str(temporary))


def _facts(contender: Contender) -> dict[str, str]:
    """What a reader of the file needs beside the graph."""
    facts = {
        "contender": contender.id,
        "classes": ",".join(contender.spec.classes),
        "score_unit": contender.score_unit,
    }
    settings = vars(contender)["config"]
    unused = settings.unused_settings(vars(settings))
    for name in ("coding", "n_steps", "max_rate", "levels", "dt", "seed", "input_intensity"):
        if contender.spiking and hasattr(settings, name) and name not in unused:
            facts[name] = str(getattr(settings, name))
    return facts


def check(
    path: Path,
    contender: Contender,
    images: Images,
    scores: NDArray[np.float32],
    num_threads: int = 1,
) -> Parity:
    """Answer ``images`` by ONNX Runtime, and compare with the ``scores`` of a run."""
    session = _session(path, num_threads)
    name, found = session.get_inputs()[0].name, np.empty_like(scores)
    size = contender.network_inputs(images.take(slice(0, 1))).size
    batch = max(1, min(BATCH, BATCH_VALUES // size))
    for first in range(0, len(images), batch):
        part = slice(first, first + batch)
        (found[part],) = session.run(
            ["scores"], {name: contender.network_inputs(images.take(part))}
        )
    return parity(found, scores, images.labels)


def parity(
    found: NDArray[np.float32], scores: NDArray[np.float32], labels: NDArray[np.uint8]
) -> Parity:
    """Compare two sets of scores [n, classes] of the same images."""
    theirs, ours = found.argmax(axis=1), scores.argmax(axis=1)
    return Parity(
        len(labels), int((theirs == ours).sum()), float((theirs == labels).mean()),
        float((ours == labels).mean()), float(np.abs(found - scores).max()),
    )  # fmt: skip


def _session(path: Path, num_threads: int) -> Any:
    runtime = import_extra(EXTRA, "onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = num_threads
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
