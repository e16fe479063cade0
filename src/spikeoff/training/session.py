"""A whole run: data, training, the one look at the test images, and the record."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import spikeoff
from spikeoff.contenders.base import Config, Contender, Response
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset, Split, load_dataset, split
from spikeoff.ledger.energy import from_tdp
from spikeoff.ledger.environment import available_cores, environment, git_revision
from spikeoff.ledger.memory import peak_device_bytes, peak_resident_bytes
from spikeoff.report.figures import save_analysis, save_confusion
from spikeoff.runs import ANYTIME, Row, RunFolder, RunRecord, plain
from spikeoff.training.loop import History, train
from spikeoff.training.measuring import energies, ready_meter, times
from spikeoff.training.progress import RunProgress


def run(name: str, config: Config) -> RunRecord:
    """Train the contender ``name``, test it once, and leave the record in its folder.

    Raises:
        UserError: a mistake in the configuration, the data or the folder, or divergence.
    """
    dataset = load_dataset(config.mnist_path)
    parts = split(
        dataset, seed=config.seed, n_validation=config.n_validation, n_train=config.n_train
    )
    contender = find(name)(config)
    path = config.save_path or default_folder(name, config.seed)
    folder = RunFolder(path)
    folder.write_config(name, config)
    started = _now()
    title = f"{name} seed {config.seed}"
    epochs = contender.passes(config.epochs, len(parts.train))
    with (
        _log_file(path / contender.outputs.log) as log,
        RunProgress(title, epochs.stop - 1, len(parts.train), log) as progress,
    ):
        log.info("%s on %s, engine %s, into %s", title, dataset.name, contender.engine, path)
        if contender.patience is not None and not len(parts.validation):
            progress.say("no validation images: early stopping is off")
        for note in contender.notes:
            progress.say(note)
        contender.warm_up(parts.train.take(slice(0, 2)))
        meter = ready_meter(contender.device, config)
        progress.say("energy: " + (meter.reason or ", ".join(one.name for one in meter.counters)))
        history = train(
            contender,
            parts,
            epochs=epochs,
            tdp=config.tdp,
            meter=meter,
            watcher=_Keeper(progress, contender, path),
            keep=lambda rows: folder.write_metrics(contender.outputs.metrics, rows),
        )
        progress.say("testing")
        summary = _judge(contender, config, dataset, parts, history, folder)
        progress.say("measuring")
        summary["time"] |= times(contender, config, parts)
        per_image = summary["time"]["test_ms_per_example"]
        summary["energy"] += energies(contender, parts, history, meter, per_image)
        summary = plain(summary | {"started": started, "finished": _now()})
        record = folder.preview(summary)
        save_confusion(record, path / contender.outputs.confusion)
        save_analysis(record, path / contender.outputs.analysis)
        folder.write_summary(summary)
        log.info("test accuracy %.2f %%", 100 * summary["accuracy"]["test"])
    return record


def default_folder(name: str, seed: int) -> Path:
    """A new folder under runs/, named after the contender, its seed and the time."""
    return Path("runs") / name / f"seed-{seed}_{datetime.now():%Y-%m-%d_%H-%M-%S}"


def _judge(
    contender: Contender,
    config: Config,
    dataset: Dataset,
    parts: Split,
    history: History,
    folder: RunFolder,
) -> dict[str, Any]:
    """Test the trained contender; returns the record and writes weights and predictions."""
    test_start = time.perf_counter()
    response = contender.respond(parts.test)
    test_s = time.perf_counter() - test_start
    accuracy = {
        name: contender.respond(part).accuracy(part)
        for name, part in (("train", parts.train), ("validation", parts.validation))
    }
    accuracy["test"] = response.accuracy(parts.test)
    folder.write_predictions(parts.test.ids, parts.test.labels, response.scores)
    state = contender.state()
    folder.write_weights(state)
    contender.write_extras(folder.path, parts.test, response)
    account = contender.account(response.activity, parts.test)
    if account.anytime:
        folder.write_metrics(ANYTIME, [asdict(reading) for reading in account.anytime])
    threads = config.num_threads or available_cores()
    return {
        "contender": contender.id,
        "title": contender.title,
        "spiking": contender.spiking,
        "neuron": contender.neuron,
        "engine": contender.engine,
        "seed": config.seed,
        "version": spikeoff.__version__,
        "git_revision": git_revision(),
        "parameters": contender.parameter_count(),
        "config": config,
        "data": {
            "name": dataset.name,
            "sha256": dataset.sha256(),
            "n_train": len(parts.train),
            "n_validation": len(parts.validation),
            "n_test": len(parts.test),
        },
        "epochs": {"trained": len(history.rows), "chosen": history.chosen_epoch},
        "accuracy": accuracy,
        "time": {
            "train_s": history.seconds,
            "test_s": test_s,
            "train_ms_per_example": 1000 * history.seconds / max(1, history.examples),
            "test_ms_per_example": 1000 * test_s / len(parts.test),
        },
        "spikes": _spikes(contender, response),
        "operations": account.operations,
        "sparsity": account.sparsity,
        **({"anytime": account.anytime} if account.anytime else {}),
        "memory": {
            **asdict(contender.footprint()),
            "peak_rss_bytes": peak_resident_bytes(),
            "peak_device_bytes": peak_device_bytes(contender.device),
        },
        "energy": [
            from_tdp("training", history.seconds, config.tdp, "learning; validation not counted"),
            from_tdp("test", test_s, config.tdp, f"inference on {len(parts.test)} test images"),
        ],
        "environment": environment(threads, contender.device),
        "files": contender.outputs,
        **contender.record_extras(parts.test, response),
    }


def _spikes(contender: Contender, response: Response) -> dict[str, Any]:
    activity = response.activity
    return {
        "kind": "spikes" if contender.spiking else "active ReLUs; nonzero pixels",
        "per_example_hidden": activity.hidden_per_example,
        "hidden_rate": activity.hidden_rate,
        "input_per_example": activity.input_per_example,
    }


class _Keeper:
    """Passes on how training goes, and lets the contender write what it keeps on the way."""

    def __init__(self, progress: RunProgress, contender: Contender, folder: Path) -> None:
        self._progress, self._contender, self._folder = progress, contender, folder

    def step(self, examples: int) -> None:
        self._progress.step(examples)
        self._contender.keep(self._folder)

    def epoch(self, row: Row) -> None:
        self._progress.epoch(row)


@contextmanager
def _log_file(path: Path) -> Iterator[logging.Logger]:
    """A logger that writes to ``path`` alone."""
    logger = logging.getLogger(f"spikeoff.run.{path}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    try:
        yield logger
    except Exception:
        logger.exception("the run failed")
        raise
    finally:
        logger.removeHandler(handler)
        handler.close()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
