"""The parts of a data set by the names of files, folders and arrays: training, validation, test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spikeoff.errors import UserError, one_line

Part = Literal["train", "validation", "test", "all"]
Pair = tuple[NDArray[np.generic], NDArray[np.generic]]
"""Pixels and labels."""

PART_WORDS: dict[str, Part] = {
    "training": "train", "train": "train", "tr": "train",
    "validation": "validation", "valid": "validation", "val": "validation",
    "testing": "test", "test": "test", "t10k": "test", "te": "test",
}  # fmt: skip
"""The longer of two that begin alike comes first."""

PIXEL_WORDS = {"x", "image", "images", "img", "imgs", "data", "pixels", "features"}
LABEL_WORDS = {"y", "label", "labels", "target", "targets", "class", "classes", "digit"}


def part_of(name: str) -> Part | None:
    """The part that the words of a file's or folder's name say; None where they say none."""
    found = (PART_WORDS.get(word) for word in _words(name))
    return next((part for part in found if part is not None), None)


def find_parts(path: Path, endings: tuple[str, ...]) -> dict[Part, Path]:
    """The files of a data set, given one of them: those whose names differ in the part alone.

    A file whose name says no part holds everything.

    Raises:
        UserError: a file of one part has no partner beside it.
    """
    if part_of(path.name) is None:
        return {"all": path}
    beside = sorted(
        (one for one in path.parent.iterdir() if one.is_file() and one.name.endswith(endings)),
        key=lambda one: (len(one.name), one.name),
    )
    files: dict[Part, Path] = {}
    for one in [path, *beside]:
        part = part_of(one.name)
        if part is not None and _frame(one.name) == _frame(path.name):
            files.setdefault(part, one)
    if "train" not in files or len(files) == 1:
        missing = "test" if "train" in files else "train"
        raise UserError(
            f"{path}: its partner {missing}*{endings[0]} is missing beside it; a file that holds "
            "everything must not be named after a part"
        )
    return files


def read_parts(
    path: Path, endings: tuple[str, ...], read: Callable[[Path], dict[Part, Pair]]
) -> dict[Part, Pair]:
    """The parts in a file and, if it holds one only, in its partners beside it.

    Raises:
        UserError: a partner is missing, or holds several parts.
    """
    pairs = read(path)
    if set(pairs) != {"all"}:
        return pairs
    files = find_parts(path, endings)
    whole = {part: pairs if one == path else read(one) for part, one in files.items()}
    for part, held in whole.items():
        if set(held) != {"all"}:
            raise UserError(f"{files[part]}: holds several parts, but {path.name} only one")
    return {part: held["all"] for part, held in whole.items()}


def find_sets(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """One file of every data set whose files lie in ``folder``, by their endings."""
    found: dict[tuple[str, ...], Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.endswith(endings):
            found.setdefault(_frame(path.name), path)
    return list(found.values())


def find_pairs(names: Iterable[str], where: object) -> dict[Part, tuple[str, str]]:
    """The names of pixels and labels, by part: ``x_train``, ``trainLabels``, ``images``, ...

    Raises:
        UserError: there are none, one lacks its partner, or two names mean the same.
    """
    names = list(names)
    found: dict[tuple[Part, str], str] = {}
    for name in names:
        role = _role(name)
        if role is not None and found.setdefault(role, name) != name:
            raise UserError(
                f"{where}: {found[role]!r} and {name!r} both name {role[1]}; keep one of them"
            )
    parts = dict.fromkeys(part for part, _ in found)
    if "all" in parts and len(parts) > 1:
        parts.pop("all")
    for part in parts or ("train",):
        for kind, example in (("pixels", "x"), ("labels", "y")):
            if (part, kind) not in found:
                wanted = example if part == "all" else f"{example}_{part}"
                raise UserError(
                    f"{where}: no array {wanted!r}; x_train, y_train, x_test and y_test, or X and "
                    f"y, are needed, found: {one_line(ValueError(', '.join(names)))}"
                )
    return {part: (found[part, "pixels"], found[part, "labels"]) for part in parts}


def joined(pairs: Mapping[Part, Pair], where: object) -> tuple[Pair, Pair | None, tuple[str, ...]]:
    """Training and test part, None where there is no test part, and notes on them.

    Validation images join the training images, from which every run holds out its own. Where there
    is no test part, they are the test part.

    Raises:
        UserError: there are no training images, or their shapes differ.
    """
    if "all" in pairs:
        return pairs["all"], None, ()
    if "train" not in pairs:
        raise UserError(f"{where}: no training part; found {', '.join(pairs) or 'none'}")
    if "test" not in pairs:
        notes = ("the validation part is the test part",) if "validation" in pairs else ()
        return pairs["train"], pairs.get("validation"), notes
    if "validation" not in pairs:
        return pairs["train"], pairs["test"], ()
    both = (pairs["train"], pairs["validation"])
    if both[0][0].shape[1:] != both[1][0].shape[1:]:
        raise UserError(f"{where}: training and validation images differ in shape")
    pixels, labels = (np.concatenate([pair[k] for pair in both]) for k in (0, 1))
    return (pixels, labels), pairs["test"], ("the validation part joined the training part",)


def _words(name: str) -> Sequence[str]:
    return re.split(r"[^a-z0-9]+", name.lower())


def _frame(name: str) -> tuple[str, ...]:
    """A file's name up to its endings, without the word for the part."""
    return tuple(
        "*" if word in PART_WORDS else word for word in _words(name.lower().partition(".")[0])
    )


def _role(name: str) -> tuple[Part, str] | None:
    """The part and kind that an array's name says: ("train", "pixels") of ``X_train``."""
    if "/" in name:  # no name of an array, but a path in an archive
        return None
    letters = re.sub(r"[^a-z0-9]", "", name.lower())
    choices: list[tuple[Part, str]] = [("all", letters)]
    for word, part in PART_WORDS.items():
        choices += [(part, letters.removeprefix(word))] * letters.startswith(word)
        choices += [(part, letters.removesuffix(word))] * letters.endswith(word)
    for part, rest in choices:
        if rest in PIXEL_WORDS or rest in LABEL_WORDS:
            return part, "pixels" if rest in PIXEL_WORDS else "labels"
    return None
