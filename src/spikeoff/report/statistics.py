"""What a difference in accuracy is worth: intervals, and contenders compared image by image.

    one seed        Wilson's 95 % interval of a proportion: what other test images would give
    several seeds   mean +/- t s / sqrt(k): what other seeds would give, on these test images
    two contenders  sign test over the test images that one answered rightly in more seeds than the
                    other; with one seed this is McNemar's exact test. Holm corrects for the number
                    of pairs.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22, 1927; Q. McNemar, "Note on the sampling error of
the difference between correlated proportions or percentages", Psychometrika 12, 1947; S. Holm, "A
simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from spikeoff.run.run_record import RunRecord

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Pair:
    """Two contenders on the same test images and seeds.

    better_first, better_second: images that one answered rightly in more seeds than the other.
    p: two-sided, of a difference as large by chance; corrected: for the number of pairs.
    """

    first: str
    second: str
    better_first: int
    better_second: int
    p: float
    corrected: float

    @property
    def differ(self) -> bool:
        """Whether chance alone is refused at 5 %, all pairs taken together."""
        return self.corrected < 1 - CONFIDENCE


def accuracy_interval(records: Sequence[RunRecord]) -> tuple[float, float]:
    """The 95 % interval of a contender's test accuracy, as fractions."""
    from scipy.stats import binomtest, t  # noqa: PLC0415 (slow to import)

    rates = np.array([float((record.answers == record.labels).mean()) for record in records])
    if len(rates) == 1:
        right = int((records[0].answers == records[0].labels).sum())
        test = binomtest(right, len(records[0].labels))
        interval = test.proportion_ci(CONFIDENCE, method="wilson")
        return float(interval.low), float(interval.high)
    half = t.ppf((1 + CONFIDENCE) / 2, len(rates) - 1) * rates.std(ddof=1) / np.sqrt(len(rates))
    return float(rates.mean() - half), float(rates.mean() + half)


def compare_pairs(groups: Mapping[str, Sequence[RunRecord]]) -> list[Pair]:
    """Every two contenders, on the seeds that both ran; pairs without a common seed are left out.

    Args:
        groups: runs by name; all on the same test images.
    """
    from scipy.stats import binomtest  # noqa: PLC0415 (slow to import)

    counted = []
    for first, second in combinations(groups, 2):
        gains = _gains(groups[first], groups[second])
        if gains is None:
            continue
        ahead, behind = int((gains > 0).sum()), int((gains < 0).sum())
        p = float(binomtest(ahead, ahead + behind).pvalue) if ahead + behind else 1.0
        counted.append((first, second, ahead, behind, p))
    corrected = holm([row[-1] for row in counted])
    return [Pair(*row, value) for row, value in zip(counted, corrected, strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's correction: the k-th smallest of m times m - k + 1, never below a smaller one's."""
    order = np.argsort(p_values)
    factors = len(p_values) - np.arange(len(p_values))
    rising = np.maximum.accumulate(np.asarray(p_values, float)[order] * factors)
    result = np.empty(len(p_values))
    result[order] = np.minimum(1, rising)
    return [float(value) for value in result]


def _gains(first: Sequence[RunRecord], second: Sequence[RunRecord]) -> NDArray[np.int64] | None:
    """By test image: seeds in which the first was right, less those of the second."""
    seeds = {record.seed for record in first} & {record.seed for record in second}
    if not seeds:
        return None
    right = [
        np.sum([r.answers == r.labels for r in records if r.seed in seeds], axis=0)
        for records in (first, second)
    ]
    gains: NDArray[np.int64] = right[0].astype(np.int64) - right[1].astype(np.int64)
    return gains
