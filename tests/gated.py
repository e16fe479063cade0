"""``gated-mlp``: the perceptron, whose training cannot pass a gate before a test has opened it.

A test that must hit an unfinished run (kill it, stop it) gives it this gate, so that the hit does
not depend on how fast the machine is. Another package would register a contender in the same way.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from spikeoff.contenders import registry
from spikeoff.contenders.base import Step
from spikeoff.contenders.gradient.mlp import MLP, MLPConfig
from spikeoff.data import Images

NAME = "gated-mlp"

EPOCH = 3
"""The gate stands before this epoch: with one checkpoint per epoch, both have been written."""

VARIABLE = "GATE"
"""In the environment: the folder of a gate where no setting names one."""

LONGEST_S = 1800.0
OPEN, ONCE = "open", "once-"


class Gate:
    """A gate in a folder, which processes on one machine share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> None:
        """Let everyone pass from now on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / OPEN).touch()

    def admit(self, count: int) -> None:
        """Let so many pass, and nobody else."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (self.folder / f"{ONCE}{number}").touch()

    def shut(self) -> None:
        """Let nobody pass from now on."""
        for ticket in self.folder.glob("*"):
            ticket.unlink()

    def passed(self) -> bool:
        """Try to pass."""
        if (self.folder / OPEN).exists():
            return True
        for ticket in self.folder.glob(f"{ONCE}*"):
            with contextlib.suppress(FileNotFoundError):
                ticket.unlink()
                return True
        return False


@dataclass(frozen=True, kw_only=True)
class GatedConfig(MLPConfig):
    """The perceptron, with a gate."""

    gate: str = field(default_factory=lambda: os.environ.get(VARIABLE, ""))
    """Folder of the gate; that of the environment by default, else none."""


class GatedMLP(MLP):
    """The perceptron; it waits before epoch ``EPOCH`` in steps of no images, so it can be stopped.

    From the same settings it ends with the same bits as ``mlp``.
    """

    config: GatedConfig
    id = NAME
    config_type = GatedConfig

    def learn(self, images: Images, epoch: int, start: int = 0) -> Iterator[Step]:
        """Wait for the gate, then learn."""
        gate, deadline = Gate(Path(self.config.gate)), time.monotonic() + LONGEST_S
        while self.config.gate and epoch == EPOCH and not gate.passed():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{gate.folder}: nobody opened the gate")
            time.sleep(0.01)
            yield Step(0, 0, 0.0)
        yield from super().learn(images, epoch, start)


def register(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Register the contender here and in every process that is started from here."""
    told = folder / "gated-1.0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: gated\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(
        f"[{registry.GROUP}]\n{NAME} = {__name__}:{GatedMLP.__name__}\n"
    )
    root = Path(__file__).parents[1]
    patch.syspath_prepend(str(folder))
    former = os.environ.get("PYTHONPATH", "")
    paths = [str(folder), str(root), *filter(None, [former])]
    patch.setenv("PYTHONPATH", os.pathsep.join(paths))
    assert NAME in registry.names(), sys.path
