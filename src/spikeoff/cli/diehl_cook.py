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
        data_path: folder to write into.
        n_e: excitatory neurons.
        n_i: inhibitory neurons; as many as excitatory ones by default.
        seed: decides every random weight and synapse.
        overwrite: replace files that are there already.
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
    vote: Literal["class-mean", "proportional", "learned"] = "proportional",
) -> int:
    """Evaluate a Diehl & Cook network's responses: labels, votes, errors, assignments.

    Args:
        save_path: folder with result_monitor_final.npy and input_numbers_final.npy.
        mnist_path: data, by name or path.
        n_e: excitatory neurons; those of the files by default.
        n_e2: excitatory neurons of the second layer.
        num_examples: test responses to score; all by default.
        vote: how spikes become a digit in the figures; the table tells all three.
    """
    from spikeoff.console import output_console
    from spikeoff.experiments.evaluation import evaluate as evaluate_responses

    evaluate_responses(
        save_path, mnist_path, n_e=n_e, n_e2=n_e2, num_examples=num_examples, vote=vote,
        console=output_console(),
    )  # fmt: skip
    return 0
