"""``spikeoff robust``: how trained networks answer corrupted images."""

from __future__ import annotations

from pathlib import Path

from spikeoff.cli.records import Runs


def robust(
    runs: Runs,
    output: Path = Path(),
    n_images: int = 2000,
    seed: int = 0,
    num_threads: int | None = None,
) -> int:
    """Measure the accuracy of finished runs on corrupted images, spikes and weights.

    Args:
        runs: folders of runs, or folders that contain runs.
        output: folder for the figure; robustness.json goes into the folder of each run.
        n_images: number of test images, evenly spread over the test set.
        seed: random seed of the corruptions.
        num_threads: number of CPU threads; by default OMP_NUM_THREADS, or else all cores.
    """
    from spikeoff.console import output_console
    from spikeoff.experiments import robustness

    robustness.robust(
        runs, output, output_console(), n_images=n_images, noise_seed=seed, num_threads=num_threads
    )
    return 0
