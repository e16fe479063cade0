"""The terminal, or what stands in for one."""

from __future__ import annotations

from rich.console import Console

PIPED_WIDTH = 144
"""Columns of a table that goes into a file or a pipe."""


def output_console() -> Console:
    """Standard output; as wide as the terminal, wide enough for tables elsewhere."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPED_WIDTH)
