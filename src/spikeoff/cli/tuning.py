"""``spikeoff tune``: equal tuning of all contenders."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal

import tyro

from spikeoff.cli.training import DeviceName


def tune(
    contenders: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    preset: Literal["quick", "tuned"] = "quick",
    n_trials: int | None = None,
    studies: Path | None = None,
    output: Path | None = None,
    workers: int = 1,
    num_threads: int | None = None,
    device: DeviceName = "auto",
    mnist_path: str = "mnist",
) -> int:
    """Search for better settings of every contender, with equal numbers of trials and images.

    Test images are never read. Run the same command again to continue after a stop, or with a
    larger --n_trials to add trials.

    Args:
        contenders: contenders to tune; all by default. mlp-int8 takes the settings of mlp.
        preset: quick, a search on 4 epochs of 20,000 images; tuned, the best settings of that
            search beside the default ones, on 15 epochs of all images.
        n_trials: trials of each contender, the first with the default settings; by default 10 for
            quick and 3 for tuned.
        studies: for tuned, the studies.json of a tuning for quick; by default those behind the
            preset quick.
        output: folder of the studies; by default runs/tune- and the preset.
        workers: trials at a time, which share the cores.
        num_threads: CPU threads of all of them together; all cores by default.
        device: device to compute on; auto takes a GPU if there is one.
        mnist_path: data set, by name or path.
    """
    from spikeoff.experiments.search.command import check_installed

    check_installed()
    from spikeoff.experiments.search.settings import Machine
    from spikeoff.experiments.tuning.command import Tuning

    folder = output or Path("runs") / f"tune-{preset}"
    given = {
        "preset": preset, "n_trials": n_trials, "studies": studies, "output": folder,
        "workers": workers, "num_threads": num_threads, "device": device,
        "mnist_path": mnist_path,
    }  # fmt: skip
    words = (w for name, value in given.items() if value is not None for w in (f"--{name}", value))
    again = shlex.join(["spikeoff", "tune", *contenders, *map(str, words)])
    machine = Machine(num_threads, device, mnist_path)
    Tuning(preset, n_trials, workers, machine, folder, studies).run(contenders, again)
    return 0
