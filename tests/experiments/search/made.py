"""Small studies for tests: opened in a file, and filled without any training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from optuna.trial import TrialState

from spikeoff.contenders.gradient.mlp import MLPConfig
from spikeoff.experiments.search import space
from spikeoff.experiments.search.settings import PrunerName, SamplerName, Settings
from spikeoff.experiments.search.study import SharedStudy, create_or_join, open_storage

VARIED = ["learning_rate=log:0.001..0.1", "dropout=0..0.6", "batch_size=32,64,128"]


def made_settings(
    config: dict[str, Any] | None = None,
    *,
    vary: list[str] = VARIED,
    seeds: tuple[int, ...] = (0,),
    sampler: SamplerName = "tpe",
    pruner: PrunerName = "none",
) -> Settings:
    return Settings(
        "mlp", config or {"epochs": 2}, space.from_flags(vary, MLPConfig), seeds, sampler, pruner,
        "data",
    )  # fmt: skip


def made_study(folder: Path, settings: Settings) -> SharedStudy:
    return create_or_join(open_storage(f"sqlite:///{folder / 'search.db'}"), "made", settings)


def fill(study: SharedStudy, total: int, score: Callable[[dict[str, Any]], float]) -> None:
    """Finish trials with a score of their values instead of an accuracy."""
    while (trial := study.take(total)) is not None:
        study.tell(trial, score(trial.params), TrialState.COMPLETE)


def hill(params: dict[str, Any]) -> float:
    """Highest, with 1, at a learning rate of 0.01; the dropout matters little."""
    return float(1 - 0.1 * np.log10(params["learning_rate"] / 0.01) ** 2 - 0.01 * params["dropout"])
