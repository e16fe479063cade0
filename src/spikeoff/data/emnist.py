"""EMNIST: MNIST's format, with pictures transposed and other classes.

Source: G. Cohen, S. Afshar, J. Tapson and A. van Schaik, "EMNIST: an extension of MNIST to
handwritten letters", 2017.
"""

from __future__ import annotations

import string

DIGITS = tuple(string.digits)
UPPER, LOWER = tuple(string.ascii_uppercase), tuple(string.ascii_lowercase)
MERGED = (*DIGITS, *UPPER, *"abdefghnqrt")
"""Lower-case letters that look like their capitals count as these."""

CLASSES: dict[str, tuple[str, ...]] = {
    "emnist-byclass": (*DIGITS, *UPPER, *LOWER),
    "emnist-bymerge": MERGED,
    "emnist-balanced": MERGED,
    "emnist-letters": LOWER,
    "emnist-digits": DIGITS,
    "emnist-mnist": DIGITS,
}
"""By the beginning of the files' names."""

FIRST_LABEL = {"emnist-letters": 1}
"""The label of the first class where it is not 0."""
