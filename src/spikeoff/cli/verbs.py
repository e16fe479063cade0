"""All verbs, and which one a command means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spikeoff import __version__
from spikeoff.cli.bench import bench, run_bench
from spikeoff.cli.campaigns import campaign, compare
from spikeoff.cli.data import data, run_data
from spikeoff.cli.diehl_cook import evaluate, weights
from spikeoff.cli.front_campaign import front
from spikeoff.cli.lab import lab
from spikeoff.cli.prediction import predict
from spikeoff.cli.pretrained import pretrained
from spikeoff.cli.records import export, report
from spikeoff.cli.robust import robust
from spikeoff.cli.search import run_search, search
from spikeoff.cli.sensors import sensors
from spikeoff.cli.subcommands import call
from spikeoff.cli.training import run_train, train
from spikeoff.cli.tuning import tune
from spikeoff.errors import UserError

OVERVIEW = (
    "One fair race between spiking and conventional neural networks on MNIST. "
    "Start with: spikeoff compare"
)

VERBS: dict[str, Callable[..., Any]] = {
    "compare": compare, "front": front, "campaign": campaign, "train": train, "report": report,
    "lab": lab, "predict": predict, "pretrained": pretrained, "robust": robust,
    "data": data, "weights": weights, "evaluate": evaluate, "search": search, "tune": tune,
    "bench": bench, "sensors": sensors, "export": export,
}  # fmt: skip
"""In the order of the help."""

OWN_FLAGS: dict[str, Callable[[list[str]], int]] = {
    "train": run_train, "data": run_data, "search": run_search, "bench": run_bench,
}  # fmt: skip
"""Verbs whose flags depend on the word that follows them."""

NAME_FLAGS: dict[str, str] = {"compare": "--contenders", "front": "--families"}
"""The flag that names right after a verb stand for, as in `compare mlp cnn`."""


def dispatch(given: list[str]) -> int:
    """Run the verb that ``given`` begins with, and return its exit status."""
    verb = given[0] if given else ""
    if verb == "--version":
        print(f"spikeoff {__version__}")  # noqa: T201
        return 0
    if verb in OWN_FLAGS:
        return OWN_FLAGS[verb](given[1:])
    return call(VERBS, expand_names(given), "spikeoff", OVERVIEW)


def expand_names(given: list[str]) -> list[str]:
    """The same command, with the flag before names that follow the verb directly.

    Raises:
        UserError: the flag is given, too.
    """
    verb, rest = given[:1], given[1:]
    flag = NAME_FLAGS.get("".join(verb))
    if flag is None or not rest or rest[0].startswith("-"):
        return given
    if any(word.partition("=")[0] == flag for word in rest):
        raise UserError(f"`{flag}` must be left out where {verb[0]} is followed by names")
    return [*verb, flag, *rest]
