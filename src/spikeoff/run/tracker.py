"""What follows a run beside its own files. Everything stays on this machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from spikeoff.run.metrics_file import Row


@dataclass(frozen=True)
class Description:
    """What is known of a run when it begins.

    title: for people.
    settings: every hyperparameter.
    tags: contender, seed, revision and data.
    """

    title: str
    settings: Mapping[str, Any]
    tags: Mapping[str, Any]


class Tracker(ABC):
    """Writes the metrics of a run for another program; a context manager around the run."""

    @staticmethod
    @abstractmethod
    def check() -> None:
        """Raise before a run begins if nothing could be written.

        Raises:
            UserError: an extra is missing, or a setting is wrong.
        """

    @abstractmethod
    def __init__(self, folder: Path, description: Description) -> None:
        """Begin, or go on if the run in the folder was stopped."""

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """The run is over, or ends with an error."""

    @abstractmethod
    def epoch(self, row: Row) -> None:
        """An epoch is over."""

    @abstractmethod
    def tested(self, accuracy: float, epoch: int) -> None:
        """The run has its test accuracy, a fraction, after so many epochs."""
