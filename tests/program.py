"""The program in this process: as a user calls it, without the seconds that a new one starts for.

What a test proves about processes (signals, kills, what is imported, two at a time) needs real
ones. All else is the same here: arguments, both outputs, the folder it is called in, the status.
"""

from __future__ import annotations

import contextlib
import functools
import io
import runpy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from spikeoff.cli import main
from spikeoff.experiments.campaign.job import Job, ProgressEvent, RunResult, work
from spikeoff.experiments.campaign.local import LocalExecutor


def spikeoff(*arguments: object, cwd: Path | None = None) -> CompletedProcess[str]:
    """``spikeoff ARGUMENTS``."""
    words = [str(argument) for argument in arguments]
    return _ended(words, functools.partial(main, words), cwd)


def script(path: Path, *arguments: object, cwd: Path | None = None) -> CompletedProcess[str]:
    """``python PATH ARGUMENTS``."""
    words = [str(path), *map(str, arguments)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        return _ended(words, lambda: runpy.run_path(str(path), run_name="__main__"), cwd)


def run_here(patch: pytest.MonkeyPatch) -> None:
    """Let races and campaigns make their runs in this process, one after another."""

    def run(
        self: LocalExecutor,
        jobs: Sequence[Job],
        report: Callable[[ProgressEvent | RunResult], None],
    ) -> None:
        for job in jobs:
            report(work(job, report))

    patch.setattr(LocalExecutor, "run", run)


def _ended(
    words: list[str], program: Callable[[], object], cwd: Path | None
) -> CompletedProcess[str]:
    out, err, status = io.StringIO(), io.StringIO(), 0
    with (
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            program()
        except SystemExit as end:
            status = int(end.code or 0)
    return CompletedProcess(words, status, out.getvalue(), err.getvalue())
