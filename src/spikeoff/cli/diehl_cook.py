"""``spikeoff weights`` and ``spikeoff evaluate``: Diehl and Cook's files, before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def weights(
    data_path: Path = Path("random"),
    n_e: int = 400,
    n_i: int | None = None,
    seed: int = 0,
    overwrite: bool = False,
) -> int:
    """Write the initial weights of the Diehl & Cook network (XeAe, XeAi, AeAi, AiAe).

    Args:
        data_path: folder to write to.
        n_e: number of excitatory neurons.
        n_i: number of inhibitory neurons; by default as many as excitatory neurons.
        seed: random seed of all weights and synapses.
        overwrite: replace existing files.
    """
    from spikeoff.contenders.diehl_cook.connections import write_generated

    for path in write_generated(
        data_path, n_e, n_e if n_i is None else n_i, seed, overwrite=overwrite
    ):
        print(path)  # noqa: T201
    return 0


def evaluate(
    save_path: Path = Path("results"),
    mnist_path: str = "mnist",
    n_e: int | None = None,
    n_e2: int = 0,
    num_examples: int | None = None,
    vote: Literal["class-mean", "proportional", "learned", "original"] | None = None,
    testing_ending: str | None = None,
    training_ending: str | None = None,
) -> int:
    """Evaluate the responses of a Diehl & Cook network: labels, votes, errors, assignments.

    Args:
        save_path: folder with result_monitor_final.npy and input_numbers_final.npy; or with
            resultPopVecs*.npy and inputNumbers*.npy of the original scripts, directly or in its
            folder activity/.
        mnist_path: data set, by name or path.
        n_e: number of excitatory neurons; by default the number in the files.
        n_e2: number of excitatory neurons in the second layer.
        num_examples: number of test responses to score; all by default.
        vote: vote that turns spikes into a class in the figures; the table reports all. By default
            proportional, and original for files of the original scripts.
        testing_ending: <N> of the resultPopVecs<N>.npy to score; by default the one whose digits
            are those of the test images.
        training_ending: <N> of the resultPopVecs<N>.npy that label the neurons; by default the one
            whose digits are those of the training images.
    """
    from spikeoff.console import output_console
    from spikeoff.experiments.evaluation import evaluate as evaluate_responses

    evaluate_responses(
        save_path, mnist_path, n_e=n_e, n_e2=n_e2, num_examples=num_examples, vote=vote,
        console=output_console(), testing_ending=testing_ending, training_ending=training_ending,
    )  # fmt: skip
    return 0
