"""Where training stands between two steps, beside what the contender itself knows."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from spikeoff.contenders.base import State, Step
from spikeoff.run.folder import Row


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

    epoch: int
    offset: int = 0
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
    """What ``TrainState.facts`` told.

    Raises:
        ValueError: something is missing or of another kind.
    """
    try:
        train_state = TrainState(
            **{
                **facts,
                "sums": Sums(**facts["sums"]),
                "best": Best(**facts["best"], state=best),
            }
        )
        numbers = [
            train_state.epoch,
            train_state.offset,
            train_state.examples,
            *vars(train_state.sums).values(),
        ]
        rows = [value for row in train_state.rows for value in row.values() if value is not None]
        holds = (
            all(isinstance(number, (int, float)) for number in [*numbers, *rows])
            and train_state.epoch >= 1
            and train_state.offset >= 0
            and isinstance(train_state.seconds, float)
            and isinstance(train_state.best.score, float)
            and isinstance(train_state.over, bool)
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not the train_state of a run: {error}") from error
    if not holds:
        raise ValueError("not the train_state of a run: a number is of another kind")
    return train_state
