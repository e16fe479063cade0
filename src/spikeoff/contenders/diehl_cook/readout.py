"""From spikes to digits: labels for neurons, and three ways to vote.

All are made from training responses. r is a response [neurons], m_dj the mean response of neuron
j to digit d.

    class-mean     each neuron stands for the digit with its highest m_dj; a digit's score is the
                   mean of r over its neurons (Diehl and Cook 2015)
    proportional   each spike of neuron j counts for digit d by m_dj / sum_d m_dj
    learned        multinomial logistic regression on the square root of r

Source: P. U. Diehl and M. Cook, "Unsupervised learning of digit recognition using
spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9:99, 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.strict_regression import fit
from spikeoff.data import MNIST
from spikeoff.kernels.ordered_sums import product
from spikeoff.numerics.mode import is_strict

Vote = Literal["class-mean", "proportional", "learned"]
VOTES: tuple[Vote, ...] = ("class-mean", "proportional", "learned")

UNASSIGNED = -1
PENALTY = 1e-4
"""Of the squared coefficients, beside the mean loss an image; chosen on validation responses."""

Counts = NDArray[np.int32]
Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Readout:
    """What was read from training responses.

    means: [classes, neurons], mean response to each class.
    coefficients, intercepts: [classes, neurons] and [classes], of the regression; None where none
        was made.
    """

    means: NDArray[np.float64]
    coefficients: NDArray[np.float64] | None = None
    intercepts: NDArray[np.float64] | None = None

    @property
    def assigned(self) -> NDArray[np.int64]:
        """[neurons] the digit that each stands for; UNASSIGNED for those that never fired."""
        best = self.means.argmax(axis=0)
        return np.where(self.means.max(axis=0) > 0, best, UNASSIGNED)

    def possible(self, vote: Vote) -> Vote:
        """``vote`` itself, or proportional where no regression was made."""
        return "proportional" if vote == "learned" and self.coefficients is None else vote

    def scores(self, responses: Counts, vote: Vote) -> Scores:
        """[n, classes] for responses [n, neurons]; the highest is the answer."""
        if vote != "learned":
            result = product(responses, self.shares(vote))
        elif self.coefficients is None or self.intercepts is None:
            raise ValueError("no regression was made")
        else:
            result = product(np.sqrt(responses), self.coefficients.T) + self.intercepts
        scores: Scores = result.astype(np.float32)
        return scores

    def shares(self, vote: Vote) -> NDArray[np.float64]:
        """[neurons, classes] what a spike counts for each class, by a vote that is not learned."""
        if vote == "class-mean":
            assigned = self.assigned
            chosen = np.stack([assigned == label for label in range(len(self.means))], axis=1)
            shares: NDArray[np.float64] = chosen / np.maximum(1, chosen.sum(axis=0))
            return shares
        total = self.means.sum(axis=0)
        proportional: NDArray[np.float64] = (self.means / np.where(total > 0, total, 1)).T
        return proportional

    def answers(self, responses: Counts, vote: Vote) -> NDArray[np.int64]:
        """[n] the digits with the highest scores."""
        answers: NDArray[np.int64] = self.scores(responses, vote).argmax(axis=1)
        return answers


def read(
    responses: Counts, labels: NDArray[np.uint8], n_classes: int = MNIST.n_classes, *,
    regress: bool = True,
) -> Readout:  # fmt: skip
    """Labels and, with ``regress``, a regression from responses [n, neurons] to labels [n]."""
    chosen = labels[:, None] == np.arange(n_classes)
    sums = chosen.T.astype(np.float64) @ responses
    means = sums / np.maximum(1, chosen.sum(axis=0))[:, None]
    if not regress or len(np.unique(labels)) < 2:
        return Readout(means)
    return Readout(means, *_regression(responses, labels, n_classes))


def _regression(
    responses: Counts, labels: NDArray[np.uint8], n_classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    coefficients = np.zeros((n_classes, responses.shape[1]))
    intercepts = np.full(n_classes, -np.inf)  # a class never seen is never the answer
    if is_strict():
        known, places = np.unique(labels, return_inverse=True)
        fitted = fit(np.sqrt(responses), places, len(known), PENALTY)
        coefficients[known], intercepts[known] = fitted[:, :-1], fitted[:, -1]
        return coefficients, intercepts
    from scipy.sparse import csr_matrix  # noqa: PLC0415 (slow to import)
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    model = LogisticRegression(C=1 / (2 * PENALTY * len(labels)), max_iter=300, tol=1e-3)
    model.fit(csr_matrix(np.sqrt(responses)), labels)
    if len(model.classes_) == 2:
        coefficients[model.classes_] = np.vstack([-model.coef_[0], model.coef_[0]]) / 2
        intercepts[model.classes_] = [-model.intercept_[0] / 2, model.intercept_[0] / 2]
    else:
        coefficients[model.classes_], intercepts[model.classes_] = model.coef_, model.intercept_
    return coefficients, intercepts
