"""Trained networks, and what they did, in the formats of other programs: one file per format.

A module of a format has ``export(folder, output)``: from the folder of a finished run to what was
written. Modules are imported when their format is asked for, and their libraries with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal

Format = Literal[
    "onnx", "nir", "safetensors", "neurobench", "npz", "nwb", "keras", "saved-model"
]  # fmt: skip

MODULES: dict[Format, tuple[str, str]] = {
    "onnx": ("onnx", "model.onnx"),
    "nir": ("nir", "model.nir"),
    "safetensors": ("model_card", "safetensors"),
    "neurobench": ("neurobench", "neurobench.json"),
    "npz": ("spikes_npz", "spikes.npz"),
    "nwb": ("spikes_nwb", "spikes.nwb"),
    "keras": ("keras", "model.keras"),
    "saved-model": ("saved_model", "saved-model"),
}
"""By format: its module here, and the name of its file (or folder) in the folder of a run."""


@dataclass(frozen=True)
class Exported:
    """What was written: its path, and a line on how it was checked or what it leaves out."""

    path: Path
    note: str = ""


def file_name(file_format: Format) -> str:
    """The name of a file, or folder, of this format."""
    return MODULES[file_format][1]


def export_run(folder: Path, file_format: Format, output: Path | None = None) -> Exported:
    """Write the finished run in ``folder`` in another program's format.

    Args:
        folder: of the run.
        file_format: which format.
        output: path to write to; by default in the folder of the run.

    Raises:
        UserError: there is no finished run, the format cannot hold its network, or an extra is
            missing.
    """
    module, name = MODULES[file_format]
    exporter = import_module(f"{__name__}.{module}")
    exported: Exported = exporter.export(folder, output or folder / name)
    return exported
