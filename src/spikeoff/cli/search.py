"""``spikeoff search``: the flags are those of the contender, and the search's own."""

from __future__ import annotations


def search() -> int:
    """Search for better settings: spikeoff search CONTENDER --help lists the flags."""
    return run_search([])


def run_search(given: list[str]) -> int:
    """``search CONTENDER`` or ``search --resume DIR``."""
    from spikeoff.experiments.search import command

    return command.run_search(given)
