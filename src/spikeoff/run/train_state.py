"""Where training stands between two steps, beside what the contender itself knows."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import msgspec

from spikeoff.contenders.base import State, Step
from spikeoff.run.metrics_file import Row


@dataclass
class Sums:
    """What the steps of a pass add up to, as far as they know it."""

    steps: int = 0
    correct: int = 0
    loss: float = 0.0
    knows_correct: bool = True
    knows_loss: bool = True

    def add(self, step: Step) -> None:
        """One more step."""
        self.steps += 1
        self.correct += step.correct or 0
        self.loss += step.loss or 0.0
        self.knows_correct &= step.correct is not None
        self.knows_loss &= step.loss is not None


@dataclass
class Best:
    """The best epoch so far.

    It has the lowest validation loss or, for rules without one, the highest accuracy.

    epoch: 0 before there is one.
    score: the higher the better.
    state: the contender's then.
    """

    epoch: int = 0
    score: float = -math.inf
    state: State | None = None


@dataclass
class TrainState:
    """Where training stands.

    epoch: the pass under way, from 1.
    offset: images of it that were learned from.
    sums: of its steps.
    seconds: what learning in it took.
    examples: images learned from in all passes.
    rows: of the passes before.
    best: of the passes before.
    over: whether no pass is left.
    """

    epoch: Annotated[int, msgspec.Meta(ge=1)]
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    sums: Sums = field(default_factory=Sums)
    seconds: float = 0.0
    examples: int = 0
    rows: list[Row] = field(default_factory=list)
    best: Best = field(default_factory=Best)
    over: bool = False

    def facts(self) -> dict[str, Any]:
        """All but the best state, as JSON has it."""
        return {
            **vars(self),
            "sums": asdict(self.sums),
            "best": {"epoch": self.best.epoch, "score": self.best.score},
        }


def from_facts(facts: dict[str, Any], best: State | None) -> TrainState:
    """The state that ``TrainState.facts`` described, with the best epoch's arrays.

    Raises:
        ValueError: something is missing, or of another type.
    """
    train_state = msgspec.convert(facts, TrainState)
    train_state.best.state = best
    return train_state
