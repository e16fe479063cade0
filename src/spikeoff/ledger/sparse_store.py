"""The store of a pruned matrix: its weights row by row, and an index that says where they are.

    pointers   (sources + 1) p bits: where each row begins;          p = ceil(log2(stored + 1))
    columns    stored c bits: the column of each weight (CSR);       c = ceil(log2(targets))
    bitmap     sources x targets bits: 1 where there is a weight
    index      pointers + the smaller of columns and bitmap

An event reads the two pointers around the row of its source, and the row's columns or bits. Columns
are smaller where fewer than 1 / c of the weights are kept, such as an eighth for 256 targets.

Source: Y. Saad, "Iterative methods for sparse linear systems", 2nd edition, 2003, section 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Index:
    """The index of a matrix.

    bits: of the whole.
    per_event: bits that an event reads, whatever its row holds.
    per_weight: further bits for every weight that it meets.
    """

    bits: int
    per_event: int
    per_weight: int


NONE = Index(0, 0, 0)
"""Of a dense matrix, or where a rule says which weights there are."""


def index_of(sources: int, targets: int, stored: int) -> Index:
    """The smaller index of a matrix [sources, targets] with so many weights.

    Args:
        sources, targets: neurons on both sides, at least 1.
        stored: weights that are not 0.
    """
    pointer = stored.bit_length()  # equal to ceil(log2(stored + 1))
    column = (targets - 1).bit_length()  # equal to ceil(log2(targets))
    pointers = pointer * (sources + 1)
    if stored * column < sources * targets:
        return Index(pointers + stored * column, 2 * pointer, column)
    return Index(pointers + sources * targets, 2 * pointer + targets, 0)
