"""A function by its name, with flags from its signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tyro


def call(
    functions: dict[str, Callable[..., Any]], given: Sequence[str], prog: str, description: str
) -> int:
    """Call the function that ``given`` names first, and return its exit status."""
    return int(
        tyro.extras.subcommand_cli_from_dict(
            functions, args=given or ["--help"], prog=prog, description=description,
            use_underscores=True, sort_subcommands=False,
        )
        or 0
    )  # fmt: skip
