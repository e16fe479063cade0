"""Mutants change one thing that is executed, and tests that compute with it notice."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray")

from tests.mutation import targets
from tests.mutation.mutants import mutants_of

TEXT = '''
from __future__ import annotations

def late(value: int | None = 3, *, wait: float = 0.5) -> float | None:
    """1 + 1"""
    if value is None:
        return None
    total = 0.0
    for _ in range(value):
        total += wait * 2
    return total if value > 1 and wait else -total
'''


def test_each_place_has_one_mutant_and_none_is_an_annotation_or_a_docstring(
    tmp_path: Path,
) -> None:
    module = tmp_path / "late.py"
    module.write_text(TEXT)
    mutants = mutants_of(module, seed=0)
    places = [(one.line, one.column, one.operator.partition("Operator_")[0]) for one in mutants]
    assert len(set(places)) == len(places) >= 12
    original = ast.dump(ast.parse(TEXT))
    for one in mutants:
        changed = ast.parse(one.source())
        assert ast.dump(changed) != original
        function = changed.body[1]
        assert isinstance(function, ast.FunctionDef)
        assert ast.get_docstring(function) == "1 + 1"
        assert ast.unparse(function.args.args[0].annotation or function) == "int | None"
    assert mutants == mutants_of(module, seed=0) != mutants_of(module, seed=1)


def test_a_module_is_held_by_the_tests_that_name_it() -> None:
    files = targets.tests_of("neurons", targets.SOURCE / "neurons" / "lif.py")
    assert any(path.endswith("neurons/test_lif.py") for path in files)
    assert not any(path.endswith("neurons/test_izhikevich.py") for path in files)
