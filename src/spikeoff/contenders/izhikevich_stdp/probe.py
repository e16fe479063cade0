"""A linear probe: what a readout trained without the rules' limits makes of the hidden layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_ITERATIONS = 200
PENALTY = 1e-4
"""Weight of the squared coefficients beside the mean loss."""

Counts = NDArray[np.int32]
Labels = NDArray[np.uint8]


def probe(
    train: Counts, labels: Labels, test: Counts, truth: Labels, *, threads: int = 1
) -> float | None:
    """The accuracy on test of a logistic regression fitted to the training responses.

    Args:
        train, labels: [n, neurons] hidden spikes, [n] digits to learn from.
        test, truth: the same to be judged on.
        threads: of the BLAS library, which would take all cores.

    Returns:
        The fraction of right answers; None where there is one digit only.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (slow to import)
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    if len(np.unique(labels)) < 2:
        return None
    scale = np.float32(1 / max(float(train.std()), 1e-6))
    model = LogisticRegression(
        C=1 / (PENALTY * len(labels)), max_iter=MAX_ITERATIONS, tol=1e-3, random_state=0
    )
    with threadpool_limits(threads, user_api="blas"):
        model.fit(train.astype(np.float32) * scale, labels)
        return float((model.predict(test.astype(np.float32) * scale) == truth).mean())
