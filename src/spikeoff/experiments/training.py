"""One run with its figures: what ``spikeoff train`` and every run of a campaign do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from spikeoff.contenders.base import Config, Device
from spikeoff.report.figures import save_run_figures
from spikeoff.run import session
from spikeoff.run.progress import RunListener
from spikeoff.run.run_record import RunRecord


def train(name: str, config: Config, *, listener: RunListener | None = None) -> RunRecord:
    """Train, test and record the contender ``name``, and draw the run's figures.

    Raises:
        UserError: a mistake in the configuration, the data or the folder, or divergence.
        Interrupted: it was asked to stop; ``resume`` continues.
    """
    return session.run(name, config, listener=listener, finish=save_run_figures)


def resume(
    folder: Path,
    *,
    num_threads: int | None = None,
    device: Device | None = None,
    paths: Mapping[str, str | Path] | None = None,
    listener: RunListener | None = None,
) -> RunRecord:
    """Continue the run in ``folder`` where it was stopped; arguments as in ``run.session.resume``.

    Raises:
        UserError: there is no run, another process has it, or what ``train`` raises.
        Interrupted: it was asked to stop again.
    """
    return session.resume(
        folder, num_threads=num_threads, device=device, paths=paths, listener=listener,
        finish=save_run_figures,
    )  # fmt: skip
