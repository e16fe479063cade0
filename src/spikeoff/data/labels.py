"""Labels as they are found: numbers, one-hot rows, or names of classes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.spec import MAX_CLASSES
from spikeoff.errors import UserError, one_line

Labels = NDArray[np.generic]


def number_labels(
    parts: Sequence[Labels], where: object
) -> tuple[list[Labels], tuple[str, ...] | None]:
    """The labels of all parts as numbers, and the names of the classes where labels are names.

    One-hot rows [n, classes] become the place of their 1. Names are numbered in alphabetical order.
    Names that are whole numbers, as in "7", are those numbers.

    Raises:
        UserError: there are too many names, or one occurs in the test part alone.
    """
    parts = [_one_column(labels) for labels in parts]
    if not any(labels.dtype.kind in "US" for labels in parts):
        return [_from_one_hot(labels) for labels in parts], None
    texts = [_texts(labels, where) for labels in parts]
    if all(re.fullmatch(r"\d{1,4}(\.0*)?", text) for one in texts for text in set(one)):
        return [np.array([int(float(text)) for text in one], np.int64) for one in texts], None
    names = sorted(set(texts[0]))
    if len(names) > MAX_CLASSES:
        raise UserError(
            f"{where}: {len(names)} different labels, such as {names[0][:40]!r}; at most "
            f"{MAX_CLASSES} classes are possible"
        )
    number = {name: k for k, name in enumerate(names)}
    for one in texts[1:]:
        for name in one:
            if name not in number:
                raise UserError(
                    f"{where}: class {name[:40]!r} has test images and no training images"
                )
    return [np.array([number[name] for name in one], np.int64) for one in texts], tuple(names)


def _one_column(labels: Labels) -> Labels:
    return labels.reshape(-1) if labels.ndim == 2 and labels.shape[1] == 1 else labels


def _from_one_hot(labels: Labels) -> Labels:
    """One-hot rows as numbers; everything else as it is."""
    if labels.dtype.kind == "b" and labels.ndim == 1:
        return labels.astype(np.uint8)
    if labels.ndim != 2 or labels.shape[1] < 2 or labels.dtype.kind not in "biuf":
        return labels
    ones = labels == 1
    whole = (ones | (labels == 0)).all() and (ones.sum(axis=1) == 1).all()
    return ones.argmax(axis=1) if whole else labels


def _texts(labels: Labels, where: object) -> list[str]:
    if labels.ndim != 1:
        raise UserError(f"{where}: labels of shape {labels.shape}; one name per image is needed")
    try:
        return [text.decode() if isinstance(text, bytes) else str(text) for text in labels.tolist()]
    except ValueError as error:  # no characters
        raise UserError(f"{where}: labels are no text ({one_line(error)})") from error
