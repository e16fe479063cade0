"""``spikeoff predict``: what a trained network answers for given images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro


def predict(
    run: Annotated[Path, tyro.conf.Positional],
    images: Annotated[tuple[Path, ...], tyro.conf.Positional],
    as_is: bool = False,
    json: bool = False,
    energy_table: Path | None = None,
    num_threads: int | None = None,
) -> int:
    """Classify pictures with the network of a finished run, and report the cost of each answer.

    Args:
        run: folder of the run, of any contender; or mlp, cnn, diehl-cook, izhikevich-gradient,
            izhikevich-sparse or izhikevich-stdp, the trained networks in the package.
        images: pictures (PNG, JPEG, BMP, ...), .npy or .npz arrays, or folders of these.
        as_is: the images look like the data of the run already; do not look for ink.
        json: print JSON, with the scores of all classes, instead of a table.
        energy_table: TOML file with the energy of each operation on a chip; 45 nm CMOS by default.
        num_threads: number of CPU threads; all cores by default.
    """
    from spikeoff.console import output_console
    from spikeoff.experiments.prediction import predict as predict_images
    from spikeoff.experiments.prediction_table import prediction_json, prediction_table
    from spikeoff.pretrained import run_folder

    found = predict_images(
        run_folder(run), images, as_is=as_is, num_threads=num_threads, energy_table=energy_table
    )
    if json:
        print(prediction_json(found))  # noqa: T201
    else:
        output_console().print(prediction_table(found))
    return 0
