"""A function by its name, with flags from its signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tyro

from spikeoff.flag_parsing import defer, run_parser


def call(
    functions: dict[str, Callable[..., Any]], given: Sequence[str], prog: str, description: str
) -> int:
    """Call the function that ``given`` names first, and return its exit status."""
    named = " ".join([prog, *(word for word in given[:1] if word in functions)])
    work = run_parser(
        lambda: tyro.extras.subcommand_cli_from_dict(
            {name: defer(function) for name, function in functions.items()},
            args=given or ["--help"], prog=prog, description=description, use_underscores=True,
            sort_subcommands=False,
        ),
        named,
    )  # fmt: skip
    return int(work() or 0)
