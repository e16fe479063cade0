"""Our counts of finished runs beside NeuroBench's, as a table in Markdown.

    python benchmarks/neurobench_counts.py RUN... [--images 100]

mlp, cnn and izhikevich-gradient; needs the extra ``neurobench``.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file

from spikeoff.contenders.base import Contender
from spikeoff.contenders.gradient.trainer import GradientContender
from spikeoff.contenders.registry import find
from spikeoff.data import load_dataset
from spikeoff.experiments.bench.neurobench import compare
from spikeoff.run.folder import WEIGHTS
from spikeoff.run.run_record import RunRecord, read_run


def main() -> None:
    """Read the runs and print a row a quantity."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--images", type=int, default=100)
    arguments = parser.parse_args()
    print("| contender | quantity | ours | NeuroBench |\n|---|---|---|---|")
    for folder in arguments.runs:
        record = read_run(folder)
        contender = trained(record)
        images = load_dataset(contender.config.mnist_path).test
        for count in compare(contender, images.take(slice(0, arguments.images))):
            ours, theirs = f"{count.ours:,.10g}", f"{count.theirs:,.10g}"
            print(f"| `{record.contender}` | {count.quantity} | {ours} | {theirs} |")


def trained(record: RunRecord) -> Any:
    """The contender as the run left it; a spiking one in double precision."""
    kind = find(record.contender)
    known = {field.name for field in fields(kind.config_type)} - {"save_path"}
    settings = {key: value for key, value in record.summary["config"].items() if key in known}
    contender: Contender = kind(kind.config_type(**settings))
    contender.restore(dict(load_file(record.folder / WEIGHTS)))
    if contender.spiking and isinstance(contender, GradientContender):
        contender.module.double()
    return contender


if __name__ == "__main__":
    main()
