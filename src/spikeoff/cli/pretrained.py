"""``spikeoff pretrained``: the trained networks in the package."""

from __future__ import annotations


def pretrained() -> int:
    """List the trained networks in the package, which predict and lab take by their names."""
    from spikeoff.console import output_console
    from spikeoff.report.pretrained_table import terminal_table

    output_console().print(terminal_table())
    return 0
