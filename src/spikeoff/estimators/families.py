"""What classifiers of a kind share: scores, learning online, answers by votes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.hardware import settings_restored
from spikeoff.errors import UserError
from spikeoff.estimators.base import ContenderClassifier
from spikeoff.run.loop import check_finite
from spikeoff.run.train_state import TrainState


class WithScores(ContenderClassifier):
    """A classifier whose scores are logits."""

    def decision_function(self, X: Any) -> NDArray[np.float32]:
        """[n, classes] scores; of two classes [n], the second's minus the first's."""
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores


class Online(ContenderClassifier):
    """A classifier that learns from one image at a time."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Without a gradient, neurons learn which pixels go together: of two features, as in
        # scikit-learn's own check of scores, there is nothing to learn.
        tags.classifier_tags.poor_score = True
        return tags

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Go on learning from these images, in their order, at the peak learning rates.

        The first call begins a new network, unless ``fit`` has made one; its X sets the range of
        the pixels.

        Args:
            X: [n, ...] images.
            y: [n] labels.
            classes: all labels that will ever occur; needed in the first call.

        Raises:
            ValueError: X, y or a parameter breaks a rule (mostly ``spikeoff.UserError``).
        """
        first = not hasattr(self, "network_")
        rows, y = self._checked(X, y, reset=first)
        if first and classes is None:
            raise UserError("`classes` (=None) must be all labels in the first call of partial_fit")
        known = np.unique(classes) if classes is not None else self.classes_
        if not first and not np.array_equal(known, self.classes_):
            raise UserError(f"`classes` (={known}) must be as in the first call, {self.classes_}")
        strange = np.setdiff1d(y, known)
        if len(strange):
            raise UserError(f"`y` has the label {strange[0]!r}, which is none of `classes`")
        with settings_restored():
            images = self._begin(rows, y, known) if first else self._labelled(rows, y)
            self.n_iter_ = 1 if first else self.n_iter_ + 1
            self.network_.learn_part(images, self.n_iter_)
            check_finite(self.network_.state(), self.network_, TrainState(self.n_iter_))
        return self


class Votes(ContenderClassifier):
    """A classifier whose scores are votes of labelled neurons; a class's share is its probability.

    With the learned vote, the probability is that of the regression.
    """

    def _probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        if isinstance(self._config, DiehlCookConfig) and self._config.tuning.vote == "learned":
            return super()._probabilities(scores)
        total = scores.sum(axis=1, keepdims=True)
        even = np.float32(1 / scores.shape[1])
        return np.where(total > 0, scores / np.where(total > 0, total, 1), even)
