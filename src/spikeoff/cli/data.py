"""``spikeoff data``: describe a data set, or write it out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from spikeoff.cli.subcommands import call


def data() -> int:
    """Describe a data set (data PATH), or write it in another format (data export)."""
    return run_data([])


def run_data(given: list[str]) -> int:
    """``data info``, its short form ``data PATH``, or ``data export``."""
    verbs: dict[str, Callable[..., Any]] = {"info": data_info, "export": data_export}
    if given and given[0] not in verbs and not given[0].startswith("-"):
        given = ["info", "--mnist_path", *given]
    return call(verbs, given, "spikeoff data", "Look at a data set, or write it out.")


def data_info(mnist_path: str = "mnist") -> int:
    """Describe a data set: what was found, number of images, classes and checksum.

    Args:
        mnist_path: data set, by name or path.
    """
    from spikeoff.console import output_console
    from spikeoff.data import load_dataset
    from spikeoff.report.dataset_table import dataset_table

    output_console().print(dataset_table(load_dataset(mnist_path)))
    return 0


def data_export(
    file_format: Annotated[Literal["idx", "npz", "pkl.gz"], tyro.conf.arg(name="format")] = "idx",
    output: Path = Path("mnist-files"),
    mnist_path: str = "mnist",
) -> int:
    """Write a data set for other programs.

    Args:
        file_format: idx (the four published files), npz (Keras), or pkl.gz (Theano).
        output: folder to write to.
        mnist_path: data set, by name or path.
    """
    from spikeoff.data import load_dataset
    from spikeoff.data.export import export

    for path in export(load_dataset(mnist_path), file_format, output):
        print(path)  # noqa: T201
    return 0
