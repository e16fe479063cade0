"""A Keras file, of any run of ``mlp`` or ``cnn``, on whichever engine it was trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.gradient.conventional import Conventional, ConventionalConfig, save_keras
from spikeoff.contenders.registry import find
from spikeoff.data import MNIST
from spikeoff.errors import UserError
from spikeoff.experiments.exports import Exported
from spikeoff.run.folder import SUMMARY, WEIGHTS
from spikeoff.run.learned import read_weights
from spikeoff.run.run_record import read_config, read_run


def export(folder: Path, output: Path) -> Exported:
    """Write the network of the run in ``folder``, for ``keras.models.load_model``.

    Raises:
        UserError: there is no such run, or no extra ``tensorflow``.
    """
    model = keras_model(folder)
    if output.suffix != ".keras":
        raise UserError(f"`output` (={output}) must end in .keras: Keras asks for it")
    save_keras(model, output)
    return Exported(output)


def keras_model(folder: Path) -> Any:
    """The trained network of a run of ``mlp`` or ``cnn``, as a Keras model.

    Raises:
        UserError: there is no such run, or no extra ``tensorflow``.
    """
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
    return contender.keras_model()
