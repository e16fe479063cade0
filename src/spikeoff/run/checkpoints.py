"""Checkpoints, from which a stopped run continues to the same bits.

Two files take turns, so that the last good one stays until the next is whole and on the disk. Each
carries a checksum; where one is damaged the other is taken.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from spikeoff import __version__
from spikeoff.contenders.base import Config, Contender, State
from spikeoff.data.tensors import read_checked, write_tensors
from spikeoff.errors import UserError, one_line
from spikeoff.run.folder import FolderLostError, RunFolder
from spikeoff.run.loop import check_finite
from spikeoff.run.signals import Interrupted, Signals
from spikeoff.run.train_state import TrainState, from_facts

NAMES = ("checkpoint-a.safetensors", "checkpoint-b.safetensors")

NOW, BEST = "now/", "best/"
"""How the names of arrays begin: the contender's snapshot, and the state of its best epoch."""

COST_SHARE = 100
"""By minutes, checkpoints are so many times as far apart as the last one took to write."""

WORTH_KEEPING_S = 5.0
"""Training that took less since the last checkpoint is not kept before the run concludes."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds.

    number: of the run's checkpoints, from 1.
    version: of this package, which wrote it.
    run: what the run wants to find again: contender, data, when it began.
    train_state: of the training.
    snapshot: the contender's.
    """

    number: int
    version: str
    run: dict[str, Any]
    train_state: TrainState
    snapshot: State


@dataclass(frozen=True)
class _Facts:
    """A checkpoint's JSON part."""

    number: int
    version: str
    run: dict[str, Any]
    standing: dict[str, Any]


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        UserError: it cannot be written.
    """
    arrays = {f"{NOW}{name}": array for name, array in checkpoint.snapshot.items()}
    best = checkpoint.train_state.best.state
    arrays |= {f"{BEST}{name}": array for name, array in (best or {}).items()}
    facts = {
        "number": checkpoint.number, "version": checkpoint.version, "run": checkpoint.run,
        "standing": checkpoint.train_state.facts(),
    }  # fmt: skip
    write_tensors(path, arrays, facts)


def read(path: Path) -> Checkpoint:
    """The checkpoint in a file.

    Raises:
        UserError: it is missing or damaged.
    """
    arrays, facts = read_checked(path)
    now, best = (
        {name.removeprefix(start): a for name, a in arrays.items() if name.startswith(start)}
        for start in (NOW, BEST)
    )
    try:
        known = msgspec.convert(facts, _Facts)
        train_state = from_facts(known.standing, best or None)
    except ValueError as error:
        raise UserError(f"{path}: not a checkpoint of a run ({one_line(error)})") from error
    return Checkpoint(known.number, known.version, known.run, train_state, now)


def newest(folder: Path, say: Callable[[str], None]) -> Checkpoint | None:
    """The last good checkpoint in ``folder``, if any; ``say`` receives a line per damaged one."""
    found = []
    for name in NAMES:
        if (folder / name).exists():
            try:
                found.append(read(folder / name))
            except UserError as error:
                say(f"not used: {error}")
    return max(found, key=lambda checkpoint: checkpoint.number, default=None)


def remove(folder: Path) -> None:
    """Remove the checkpoints of a run that has finished."""
    for name in NAMES:
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)


class Checkpointer:
    """Writes a checkpoint when one is due or the run was asked to stop."""

    def __init__(
        self,
        folder: RunFolder,
        config: Config,
        run: dict[str, Any],
        signals: Signals,
        say: Callable[[str], None],
        last: Checkpoint | None = None,
        kept: Callable[[Path], None] | None = None,
    ) -> None:
        """Continue after the checkpoint ``last``; ``say`` receives a line for each failure.

        ``kept`` is called with the folder after each checkpoint; what it takes counts as writing.
        """
        self._folder, self._config, self._run = folder, config, run
        self._signals, self._say, self._kept = signals, say, kept
        self._number = last.number if last else 0
        self._examples = last.train_state.examples if last else 0
        self._then, self._cost = time.monotonic(), 0.0
        self.written, self.seconds = 0, 0.0
        self._reported = ""

    def look(self, train_state: TrainState, contender: Contender) -> float:
        """Write what is due; returns the seconds that it took.

        Raises:
            Interrupted: the run was asked to stop; a checkpoint has been written.
            UserError: what was learned holds something that is no number.
        """
        asked = self._signals.asked
        if asked is None and not self._is_due(train_state):
            return 0.0
        took = self._write(train_state, contender)
        if asked is not None:
            raise Interrupted(asked)
        return took

    def conclude(self, train_state: TrainState, contender: Contender) -> None:
        """Training is over: keep it, if it took a while, for what follows takes a while too."""
        if time.monotonic() - self._then > max(WORTH_KEEPING_S, self._cost):
            self._write(train_state, contender)

    def _is_due(self, train_state: TrainState) -> bool:
        config = self._config
        since = train_state.examples - self._examples
        if config.checkpoint_examples is not None and since >= config.checkpoint_examples:
            return True
        wait = max(60 * config.checkpoint_minutes, COST_SHARE * self._cost)
        return time.monotonic() - self._then >= wait

    def _write(self, train_state: TrainState, contender: Contender) -> float:
        start = time.monotonic()
        snapshot = contender.snapshot()
        check_finite(snapshot, contender, train_state)
        checkpoint = Checkpoint(self._number + 1, __version__, self._run, train_state, snapshot)
        try:
            write(self._folder.at(NAMES[checkpoint.number % 2]), checkpoint)
            if self._kept is not None:
                self._kept(self._folder.path)
        except FolderLostError:
            raise
        except UserError as error:
            if str(error) != self._reported:
                self._reported = str(error)
                self._say(f"no checkpoint: {error}; the run continues and tries again")
        else:
            self._number += 1
            self.written += 1
        self._then, self._examples = time.monotonic(), train_state.examples
        self._cost = self._then - start
        self.seconds += self._cost
        return self._cost
