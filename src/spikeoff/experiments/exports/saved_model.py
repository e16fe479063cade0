"""A folder for TensorFlow Serving and its kin, of any run of ``mlp`` or ``cnn``."""

from __future__ import annotations

from pathlib import Path

from spikeoff.errors import UserError, one_line
from spikeoff.experiments.exports import Exported
from spikeoff.experiments.exports.keras import keras_model


def export(folder: Path, output: Path) -> Exported:
    """Write the network of the run in ``folder``.

    Raises:
        UserError: there is no such run, no extra ``tensorflow``, or something in the way.
    """
    model = keras_model(folder)
    if output.exists():
        raise UserError(f"{output}: is there already; name another folder with --output")
    try:
        model.export(output, verbose=False)
    except OSError as error:
        raise UserError(f"{output}: cannot be written: {one_line(error)}") from error
    return Exported(output)
