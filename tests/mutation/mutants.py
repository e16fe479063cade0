"""Where a module can be mutated, and into what.

The mutations are those of Cosmic Ray: another operator, comparison or number, a condition negated,
a loop that does nothing, a decorator or an exception handler removed. Of the replacements that it
has for one place, the seed draws one, so that a sum, with its six replacements, counts no more than
a negated condition. Left out is what no test can or should tell from the original:

- annotations, and imports for type checkers: they are never evaluated;
- the ``*`` and ``/`` of a list of parameters;
- arithmetic replaced by operations on bits, and comparisons of value by ones of identity: floats
  refuse the first, whatever is tested, and small integers do not differ under the second;
- ``frozen=True`` and ``strict=True``, which guard against mistakes of who changes the code, and
  ``cache``, which saves time.
"""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider

NEED_ARGUMENTS = {"VariableReplacer", "VariableInserter"}
ALIKE = (
    {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"},
    {"RShift", "LShift", "BitOr", "BitAnd", "BitXor"},
    {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"},
    {"Is", "IsNot"},
    {"In", "NotIn"},
    {"UAdd", "USub", "Invert", "Not", "Delete"},
)
"""Operators that may replace one another."""

GUARDS = ("frozen=True", "strict=True", "@cache", "TYPE_CHECKING")
"""What lines with a guard say."""

Place = tuple[int, int]
Extent = tuple[Place, Place]
"""From a place up to another."""


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    line, column: where, counted from 1 and 0.
    operator, occurrence: Cosmic Ray's name of the change, and its number among those of the module.
    """

    module: Path
    line: int
    column: int
    operator: str
    occurrence: int

    def source(self) -> str:
        """The module's changed source."""
        text = mutate_code(self.module.read_text(), OPERATORS[self.operator](), self.occurrence)
        assert text is not None
        return str(text)

    def shown(self) -> str:
        """The changed lines."""
        before, after = self.module.read_text().splitlines(), self.source().splitlines()
        changed = [(a.strip(), b.strip()) for a, b in zip(before, after, strict=False) if a != b]
        return f"{changed[0][0]}  ->  {changed[0][1]}" if changed else "(a line removed)"


def _operators() -> dict[str, type[Operator]]:
    provider = OperatorProvider()
    return {name: provider[name] for name in provider if _kept(name)}


def _kept(name: str) -> bool:
    if name in NEED_ARGUMENTS:
        return False
    _, _, pair = name.partition("Operator_")
    return not pair or any(set(pair.split("_")) <= alike for alike in ALIKE)


OPERATORS = _operators()


def mutants_of(module: Path, seed: int) -> list[Mutant]:
    """One mutant for each place and kind of mutation, in the order of the source."""
    tree, shown = get_ast(module.read_text()), _Shown(module.read_text())
    by_place: dict[tuple[Place, str], list[Mutant]] = defaultdict(list)
    for name, operator in OPERATORS.items():
        made, kind = operator(), name.partition("Operator_")[0]
        positions = (
            position[0] for node in ast_nodes(tree) for position in made.mutation_positions(node)
        )
        for occurrence, place in enumerate(positions):
            if shown.counts(place, kind):
                by_place[place, kind].append(Mutant(module, place[0], place[1], name, occurrence))
    rng = random.Random(f"{seed} {module.parent.name} {module.name}")
    return [rng.choice(by_place[key]) for key in sorted(by_place)]


class _Shown:
    """A module's source, and which of its places count."""

    def __init__(self, source: str) -> None:
        self._lines = source.splitlines()
        self._ignored: list[Extent] = []
        self._operators: list[Extent] = []
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.returns is not None:
                self._ignored.append(_extent(node.returns))
            elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
                self._ignored.append(_extent(node.annotation))
            elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                self._ignored += map(_extent, node.body)
            elif isinstance(node, ast.BinOp):
                self._operators.append((_extent(node.left)[1], _extent(node.right)[0]))

    def counts(self, place: Place, kind: str) -> bool:
        """Whether a mutation of this kind says something there."""
        if any(guard in self._lines[place[0] - 1] for guard in GUARDS):
            return False
        if kind == "ReplaceBinary" and not _within(place, self._operators):
            return False
        return not _within(place, self._ignored)


def _within(place: Place, extents: Sequence[Extent]) -> bool:
    return any(first <= place < last for first, last in extents)


def _extent(node: ast.expr | ast.stmt) -> Extent:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
