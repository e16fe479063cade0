"""Campaigns: contenders times seeds times configurations, and where they run.

``spikeoff compare`` is a small one. Nothing runs twice: a run has an address, made of everything
that its results depend on, and one that has finished is taken from where it lies.
"""

from spikeoff.experiments.campaign.campaign_runner import open_output, race, show
from spikeoff.experiments.campaign.definition import read_campaign
from spikeoff.experiments.campaign.executors import choose_executor
from spikeoff.experiments.campaign.plan import (
    Entry,
    entries,
    front_entries,
    is_race,
    read_race,
    resumable_here,
    with_threads,
)

__all__ = [
    "Entry", "choose_executor", "entries", "front_entries", "is_race", "open_output", "race",
    "read_campaign", "read_race", "resumable_here", "show", "with_threads",
]  # fmt: skip
