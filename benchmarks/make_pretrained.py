"""The trained networks that the package has, from finished runs, and their table in the docs.

Run: python benchmarks/make_pretrained.py [RUN...] [--into docs/pretrained.md]

Each RUN is the folder of a run, or of a race, which stands for the first seed of each contender.
A network that is named twice is that of the last RUN. The networks of other contenders stay as they
are. Without a RUN, only the table is written again.

Synaptic weights are rounded to 8 significant bits. The network with these weights then answers the
validation and test images, and its record has the accuracies, activity and operations of these
answers; times and energies stay those of the run. The same runs give the same files.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from shutil import copyfile, rmtree
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from page_tables import publish, table
from spikeoff.contenders.base import Config, Response
from spikeoff.contenders.effects import Effect, effects
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.registry import NATIVE, find
from spikeoff.data import EMBEDDED, split
from spikeoff.errors import UserError
from spikeoff.pretrained import HERE, pretrained_folder
from spikeoff.report.lab.choice import chosen_runs
from spikeoff.report.pretrained_table import pretrained_rows
from spikeoff.report.reproduce import race_command, run_command
from spikeoff.run.folder import CONFIG, PACKED_WEIGHTS, PREDICTIONS, STARTED_IN, SUMMARY
from spikeoff.run.json_files import plain, write_json
from spikeoff.run.judging import ledger_of
from spikeoff.run.learned import SIGNIFICANT_BITS, pack, unpack
from spikeoff.run.run_record import RunRecord, read_config, read_run
from spikeoff.run.trained import load_trained

NETWORKS = (
    "izhikevich-gradient", "izhikevich-sparse", "izhikevich-stdp", "diehl-cook", "mlp", "cnn"
)  # fmt: skip
MAX_CHANGED = 0.01
"""Share of the test answers that may change; more says that the run does not load as it was."""
OF_A_PLACE = (Effect.DEVICE, Effect.SPEED, Effect.MEASURING, Effect.NONE)
PATHS = ("data_path", "resume_from")
"""Settings that say from what a run started; its weights are beside its record."""
MAX_BYTES = 6_000_000
"""Of all files together."""


def make(record: RunRecord, target: Path) -> None:
    """Write the pretrained network of a run into the new folder ``target``.

    Raises:
        UserError: the run has other data than the package, another engine, or other answers.
    """
    contender, dataset = load_trained(record.folder, num_threads=1)
    _, content, _ = read_config(record.folder)
    config: Any = from_plain(find(record.contender).config_type, content)
    if config.mnist_path.lower() != EMBEDDED or getattr(config, "engine", NATIVE) != NATIVE:
        raise UserError(f"{record.folder}: must be a run on {EMBEDDED}, by our engine")
    config = plain(without_place(config))
    parts = split(
        dataset, seed=config["seed"], n_validation=config["n_validation"], n_train=config["n_train"]
    )
    packed: dict[str, Any] = pack(contender.state(), contender.weight_names())
    contender.restore(unpack(packed))
    scores = contender.respond(parts.test).scores
    answers = scores.argmax(axis=1)
    changed = int((answers != record.answers).sum())
    if changed > MAX_CHANGED * len(answers):
        raise UserError(
            f"{record.folder}: {changed} answers are not those of the run; run it again"
        )
    target.mkdir(parents=True)
    np.savez_compressed(target / PACKED_WEIGHTS, **packed)
    np.savez_compressed(
        target / PREDICTIONS,
        ids=parts.test.ids.astype(np.int32), labels=parts.test.labels, scores=half_scores(scores),
    )  # fmt: skip
    copyfile(record.folder / contender.outputs.metrics, target / contender.outputs.metrics)
    write_json(target / CONFIG, {"contender": record.contender, STARTED_IN: ".", **config})
    found = ledger_of(contender, parts, Response(scores))
    # The accuracy on training images is that of training, in `accuracy_before_rounding`.
    found["accuracy"] = {"train": None} | found["accuracy"]
    summary = record.summary | found | {
        "config": config,
        "pretrained": {
            "significant_bits": SIGNIFICANT_BITS,
            "command": command(record, config),
            "accuracy_before_rounding": record.summary["accuracy"],
            "answers_changed": changed,
        },
    }  # fmt: skip
    write_json(target / SUMMARY, plain(summary))


def without_place(config: Config) -> Config:
    """The settings of a run without those that say where and how fast it computed."""
    known, default = effects(type(config)), type(config)()
    fields = [name for name, effect in known.items() if effect in OF_A_PLACE or name in PATHS]
    return replace(config, **{name: getattr(default, name) for name in fields})


def command(record: RunRecord, config: dict[str, Any]) -> str:
    """The shortest command that trains the network again, with the run's settings or ``config``."""
    same = [record, replace(record, summary=record.summary | {"config": config})]
    return min((race_command([one]) or run_command(one) for one in same), key=len)


def half_scores(scores: NDArray[np.float32]) -> NDArray[np.float16]:
    """Scores in half precision; an answer that rounding would change is rounded up instead."""
    rounded, rows = scores.astype(np.float16), np.arange(len(scores))
    answers = scores.argmax(axis=1)
    while len(wrong := np.flatnonzero(rounded.argmax(axis=1) != answers)):
        places = rows[wrong], answers[wrong]
        rounded[places] = np.nextafter(rounded[places], np.float16(np.inf))
    return rounded


def page_table() -> str:
    """All networks, and how each was trained."""
    rows = []
    for cells in pretrained_rows():
        made = read_run(pretrained_folder(cells["Network"])).summary["pretrained"]
        named = cells | {"Network": f"`{cells['Network']}`", "Trained by": f"`{made['command']}`"}
        rows.append(named)
    return table(list(rows[0]), [list(row.values()) for row in rows])


def main(arguments: list[str]) -> None:
    """Make the networks of all runs, then the table."""
    places = arguments[: arguments.index("--into")] if "--into" in arguments else arguments
    records = chosen_runs([Path(place) for place in places]).shown if places else []
    chosen = {record.contender: record for record in records if record.contender in NETWORKS}
    with TemporaryDirectory(dir=HERE, prefix=".making-") as scratch:
        for name, record in chosen.items():
            make(record, Path(scratch) / name)
            rmtree(HERE / name, ignore_errors=True)
            (Path(scratch) / name).rename(HERE / name)
    publish("pretrained", page_table(), arguments)
    size = sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file())
    if size > MAX_BYTES:
        raise SystemExit(f"{size:,} bytes; at most {MAX_BYTES:,} are allowed")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        raise SystemExit(str(error)) from None
