"""Which runs the live page shows, and which it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from spikeoff.pretrained import pretrained_folder, pretrained_names, run_folder
from spikeoff.run.folder import SUMMARY
from spikeoff.run.run_record import RunRecord, find_runs, read_run


class Choice(NamedTuple):
    """Runs of a live page.

    shown: whose networks it has.
    compared: all runs of the races that these are from, as the comparison page has them.
    """

    shown: list[RunRecord]
    compared: list[RunRecord]


def chosen_runs(places: Sequence[Path]) -> Choice:
    """The runs in ``places``, or the pretrained networks of the package where none is named.

    A place that is a run, or the name of a pretrained network, stands for itself. A place with
    several runs stands for one run of each contender: the first seed, without twins and other
    variants, whose folders lie deeper.

    Raises:
        UserError: there are none in a place.
    """
    shown: list[RunRecord] = []
    compared: list[RunRecord] = []
    for place in map(run_folder, places) if places else map(pretrained_folder, pretrained_names()):
        found = [read_run(folder) for folder in find_runs([place])]
        alone = (place / SUMMARY).is_file()
        shown += found if alone else _one_each(found)
        compared += [] if alone else found
    return Choice(*map(_once, (shown, compared)))


def _once(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Each run once, though several places contain it."""
    return list({record.folder.resolve(): record for record in records}.values())


def _one_each(records: Sequence[RunRecord]) -> list[RunRecord]:
    """The first run of each contender; of its variants, the one whose folder lies least deep."""
    first: dict[str, RunRecord] = {}
    for record in sorted(records, key=lambda one: (len(one.folder.parts), one.folder)):
        first.setdefault(record.contender, record)
    return [first[name] for name in sorted(first)]
