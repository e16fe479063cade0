"""A run's network in a form that other programs take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.gradient.conventional import (
    KERAS_MODEL,
    Conventional,
    ConventionalConfig,
    save_keras,
)
from spikeoff.contenders.registry import find
from spikeoff.data import MNIST
from spikeoff.errors import UserError, one_line
from spikeoff.run.folder import SUMMARY, WEIGHTS
from spikeoff.run.run_record import read_config, read_run, read_weights

Format = Literal["keras", "saved-model"]


def export_run(folder: Path, file_format: Format, output: Path | None) -> Path:
    """Write the trained network of the run in ``folder``; returns where.

    Args:
        folder: of a finished run of ``mlp`` or ``cnn``, whichever its engine.
        file_format: keras, a file; saved-model, a folder, for TensorFlow Serving and its kin.
        output: where to write; ``model.keras`` or ``saved-model`` in the run's folder by default.

    Raises:
        UserError: there is no such run, no extra ``tensorflow``, or something in the way.
    """
    model = _restored(folder).keras_model()
    if file_format == "keras":
        path = output or folder / KERAS_MODEL
        if path.suffix != ".keras":
            raise UserError(f"`output` (={path}) must end in .keras: Keras asks for it")
        save_keras(model, path)
        return path
    path = output or folder / file_format
    if path.exists():
        raise UserError(f"{path}: is there already; name another folder with --output")
    try:
        model.export(path, verbose=False)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {one_line(error)}") from error
    return path


def _restored(folder: Path) -> Conventional:
    """The contender as it was trained, on the native engine."""
    name, content, _ = read_config(folder)
    kind: Any = find(name)
    if not issubclass(kind, Conventional):
        raise UserError(f"{folder}: holds a run of {name}; only mlp and cnn have a Keras model")
    config: ConventionalConfig = from_plain(kind.config_type, content)
    spec = read_run(folder).spec if (folder / SUMMARY).is_file() else MNIST
    contender: Conventional = kind(replace(config, engine="native", device="cpu"), spec)
    state = read_weights(folder, list(contender.state()))
    if state is None:
        raise UserError(f"{folder}: its {WEIGHTS} is missing; the run did not finish, go on with "
                        f"spikeoff train --resume {folder}")  # fmt: skip
    contender.restore(state)
    return contender
