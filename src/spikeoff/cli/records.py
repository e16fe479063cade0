"""``spikeoff report`` and ``spikeoff export``: from the folders of finished runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from spikeoff.errors import UserError
from spikeoff.experiments.exports import Format

Runs = Annotated[tuple[Path, ...], tyro.conf.Positional]


def report(runs: Runs, output: Path = Path(), energy_table: Path | None = None) -> int:
    """Compare finished runs: write a table, a page, CSV and JSON from their folders.

    Args:
        runs: folders of runs, folders that contain runs, or names of networks in the package.
        output: folder for the page and the tables.
        energy_table: TOML file with the energy of each operation on a chip; 45 nm CMOS by default.
    """
    from spikeoff.console import output_console
    from spikeoff.experiments.campaign import show
    from spikeoff.ledger.operation_energy import load_table
    from spikeoff.pretrained import run_folder
    from spikeoff.run.run_record import find_runs, read_run

    if not runs:
        raise UserError("no run given; name one or more folders of runs")
    table = load_table(energy_table)
    places = [run_folder(place) for place in runs]
    show([read_run(folder) for folder in find_runs(places)], output, output_console(), table)
    return 0


def export(
    run: Annotated[Path, tyro.conf.Positional],
    file_format: Annotated[Format, tyro.conf.arg(name="format")] = "keras",
    output: Path | None = None,
) -> int:
    """Write the network of a finished run, or its spikes, for other programs.

    Args:
        run: folder of the run, or the name of a network in the package, such as mlp.
        file_format: onnx (checked in ONNX Runtime on test images), nir (spiking networks, for
            neuromorphic tools), safetensors (weights and a model card), neurobench (results), npz
            or nwb (spikes of 100 test images), keras (mlp and cnn, for keras.models.load_model), or
            saved-model (the same as a folder for TensorFlow Serving and similar programs).
        output: path to write to; by default a name such as model.onnx in the folder of the run, or
            such as mlp-model.onnx here for a network in the package.
    """
    from spikeoff.experiments.exports import export_run, file_name
    from spikeoff.pretrained import run_folder

    folder = run_folder(run)
    if output is None and folder != run:
        output = Path(f"{run}-{file_name(file_format)}")
    exported = export_run(folder, file_format, output)
    print(exported.path)  # noqa: T201
    if exported.note:
        print(exported.note)  # noqa: T201
    return 0
