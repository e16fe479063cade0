"""Who proposes the next trial, and who ends one early.

A trial's proposal is a function of the study's seed, the trial's number and what is known of the
other trials then: each trial has a new sampler, so that a search that was stopped continues as
if it had not been.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    SuccessiveHalvingPruner,
)
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from spikeoff.experiments.search.settings import PrunerName, SamplerName
from spikeoff.experiments.search.space import Choice, Range, Space

STARTUP = 10
"""Trials drawn at random before a model of them is asked, the given settings among them."""

REDUCTION = 3
"""Hyperband and ASHA let one of so many trials go on."""


def distribution(one: Range | Choice) -> BaseDistribution:
    """A field's range or choice, as Optuna has it."""
    if isinstance(one, Choice):
        return CategoricalDistribution(one.values)
    if isinstance(one.low, int) and isinstance(one.high, int):
        return IntDistribution(one.low, one.high, log=one.log, step=int(one.step or 1))
    return FloatDistribution(one.low, one.high, log=one.log, step=one.step)


def holds(one: BaseDistribution, value: Any) -> bool:
    """Whether a value lies in the distribution, on its steps if it has some."""
    if isinstance(one, CategoricalDistribution):
        return any(value == choice and type(value) is type(choice) for choice in one.choices)
    if not isinstance(one, (IntDistribution, FloatDistribution)) or value is None:
        return False
    if not one.low <= value <= one.high:
        return False
    steps = float(value - one.low) / one.step if one.step else 0.0
    return abs(steps - round(steps)) < 1e-8


class Numbered(BaseSampler):
    """A sampler whose proposals follow from the number of the trial.

    Trial 0 is the configuration as it was given, where that lies in the space.
    """

    def __init__(self, name: SamplerName, seed: int, given: Mapping[str, Any]) -> None:
        """``given`` holds the values of the varied fields; ``seed`` is the study's."""
        self._name, self._seed, self._given = name, seed, given
        self._now: BaseSampler = RandomSampler(seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Make the sampler of this trial."""
        seed = int(np.random.SeedSequence([self._seed, trial.number]).generate_state(1)[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._now = _sampler(self._name, seed)
        self._now.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The fields that are drawn together."""
        return {} if trial.number == 0 else self._now.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Values of the fields that are drawn together."""
        return self._now.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The value of another field."""
        given = self._given.get(param_name)
        if trial.number == 0 and holds(param_distribution, given):
            return given
        return self._now.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: Any, values: Any) -> None:
        """Nothing is kept from trial to trial."""


def pruner(name: PrunerName, steps: int) -> BasePruner:
    """Who ends a trial early; a trial has so many ``steps``, one an epoch."""
    if name == "median":
        return MedianPruner(n_startup_trials=STARTUP // 2)
    if name == "asha":
        return SuccessiveHalvingPruner(min_resource=1, reduction_factor=REDUCTION)
    if name == "hyperband":
        return HyperbandPruner(1, max(steps, REDUCTION), REDUCTION)
    return NopPruner()


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """All fields of the space, as Optuna has them."""
    return {name: distribution(one) for name, one in space.items()}


def _sampler(name: SamplerName, seed: int) -> BaseSampler:
    if name == "gp":
        return GPSampler(seed=seed, n_startup_trials=STARTUP, deterministic_objective=True)
    if name == "random":
        return RandomSampler(seed)
    return TPESampler(n_startup_trials=STARTUP, multivariate=True, constant_liar=True, seed=seed)
