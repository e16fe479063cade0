"""The one test of a trained network on the test images, and what the record says of it."""

from __future__ import annotations

import time
from dataclasses import asdict
from functools import partial
from typing import Any

import spikeoff
from spikeoff.contenders.base import Config, Contender, Response
from spikeoff.data import Dataset, Split
from spikeoff.ledger.account import Account
from spikeoff.ledger.confidence import EarlyAnswers, choose_threshold, early_answers
from spikeoff.ledger.energy import from_tdp
from spikeoff.ledger.environment import default_threads, environment, git_revision
from spikeoff.ledger.memory import peak_device_bytes, peak_resident_bytes
from spikeoff.ledger.operations import Activity
from spikeoff.ledger.raster import raster_of, save_raster
from spikeoff.ledger.recording import Recording
from spikeoff.run.folder import ANYTIME, RunFolder
from spikeoff.run.loop import History


def judge(
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
    folder.write_predictions(parts.test.ids, parts.test.labels, response.scores)
    folder.write_weights(contender.state())
    contender.write_extras(folder.path, parts.test, response)
    found = ledger_of(contender, parts, response)
    if contender.spiking:
        _write_raster(contender, parts, folder)
    if anytime := found.get("anytime"):
        folder.write_metrics(ANYTIME, [asdict(reading) for reading in anytime])
    scored = contender.scored_training(parts.train)
    threads = config.num_threads or default_threads()
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
        "stored_parameters": contender.stored_parameters(),
        "config": config,
        "data": _data(dataset, parts),
        "epochs": {"trained": len(history.rows), "chosen": history.chosen_epoch},
        **found,
        "accuracy": {"train": contender.respond(scored).accuracy(scored), **found["accuracy"]},
        "time": {
            "train_s": history.seconds,
            "test_s": test_s,
            "train_ms_per_example": 1000 * history.seconds / max(1, history.examples),
            "test_ms_per_example": 1000 * test_s / len(parts.test),
        },
        "memory": {
            **_held(contender),
            "peak_rss_bytes": peak_resident_bytes(),
            "peak_device_bytes": peak_device_bytes(contender.device),
        },
        "energy": [
            from_tdp("training", history.seconds, config.tdp, "learning; validation not counted"),
            from_tdp("test", test_s, config.tdp, f"inference on {len(parts.test)} test images"),
        ],
        "environment": environment(threads, contender.device, contender.libraries),
        "files": contender.outputs,
        **contender.record_extras(parts.test, response),
    }


def ledger_of(contender: Contender, parts: Split, response: Response) -> dict[str, Any]:
    """What the record says of a network's answers to validation and test images.

    Args:
        contender: the trained network.
        parts: whose validation and test images it answers.
        response: its answers to the test images.
    """
    recording = contender.record(parts.test)
    account = contender.account(parts.test, recording)
    validation, early = _validated(contender, parts, recording)
    return {
        "accuracy": {"validation": validation, "test": response.accuracy(parts.test)},
        "spikes": _spikes(contender, account.activity),
        "operations": account.operations,
        "sparsity": account.sparsity,
        **_readings(account, early),
    }


def _validated(
    contender: Contender, parts: Split, recording: Recording
) -> tuple[float | None, EarlyAnswers | None]:
    """The accuracy on validation images, and what stopping with confidence gives.

    A network with time steps answers them once, recorded: the last reading is its answer.
    """
    images = parts.validation
    if not recording.updated or not len(images):
        return contender.respond(images).accuracy(images), None
    known = contender.record(images)
    accuracy = float((known.answers[:, -1] == images.labels).mean())
    threshold = choose_threshold(known.scores, images.labels)
    early = early_answers(
        contender.record, contender.synapses(), threshold, parts.test, recording,
        contender.score_unit,
    )  # fmt: skip
    return accuracy, early


def _readings(account: Account, early: EarlyAnswers | None) -> dict[str, Any]:
    """Keys that only networks with time steps have."""
    found = {"anytime": account.anytime, "early": early}
    return {key: value for key, value in found.items() if value}


def _write_raster(contender: Contender, parts: Split, folder: RunFolder) -> None:
    record = partial(contender.record, every=1)
    raster = raster_of(record, parts.test, contender.speaks_for(), contender.score_unit)
    if raster is not None:
        save_raster(raster, folder.path)


def _data(dataset: Dataset, parts: Split) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "notes": dataset.notes,
        "sha256": dataset.sha256(),
        "shape": dataset.spec.shape,
        "classes": dataset.spec.classes,
        "n_train": len(parts.train),
        "n_validation": len(parts.validation),
        "n_test": len(parts.test),
    }


def _held(contender: Contender) -> dict[str, int]:
    """Bytes of the network, zeros included, and of the parameters that exist with their index."""
    footprint, parameters = contender.footprint(), contender.parameter_count()
    share = contender.stored_parameters() / max(1, parameters)
    index = sum(s.index_bits for s in contender.synapses()) / 8
    return {**asdict(footprint), "stored_bytes": round(share * footprint.parameters_bytes + index)}


def _spikes(contender: Contender, activity: Activity) -> dict[str, Any]:
    return {
        "kind": "spikes" if contender.spiking else "active ReLUs; nonzero pixels",
        "per_example_hidden": activity.hidden_per_example,
        "hidden_rate": activity.hidden_rate,
        "input_per_example": activity.input_per_example,
    }
