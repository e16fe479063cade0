"""Mutation testing: ``python -m tests.mutation [PACKAGE ...] --sample 60``.

Changes the source in one place and runs the tests; a change that no test notices has survived.
Outcomes are kept in a file, so a run can be stopped and continued. Needs the extra ``mutation``.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.killing import ROOT, Outcome, outcome
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.targets import PACKAGES, modules, tests_of

LIBRARIES = (
    "numpy", "scipy.stats", "torch.distributed.tensor", "numba", "hypothesis", "msgspec",
    "PIL.Image", "matplotlib.pyplot", "rich.console", "tyro", "jinja2", "psutil", "platformdirs",
    "filelock", "sympy",
)  # fmt: skip
"""What takes long to import: done once."""

SECONDS = 60
"""Of processor time for the tests of one mutant."""


@dataclass(frozen=True)
class Results:
    """Outcomes by mutant, one per line of a file."""

    path: Path

    def read(self) -> dict[str, str]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return {one["mutant"]: one["outcome"] for one in map(json.loads, lines)}

    def add(self, name: str, found: Outcome, change: str) -> None:
        with self.path.open("a") as file:
            row = {"mutant": name, "outcome": found, "change": change}
            file.write(json.dumps(row) + "\n")


def key(mutant: Mutant) -> str:
    """A mutant's name, which changes with the module's source."""
    version = hashlib.sha256(mutant.module.read_bytes()).hexdigest()[:8]
    where = mutant.module.relative_to(ROOT / "src" / "spikeoff").as_posix()
    return f"{where}:{mutant.line}:{mutant.column} {mutant.operator} {version}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", choices=[*PACKAGES, []], help="all by default")
    parser.add_argument("--sample", type=int, help="places by package, at random; all by default")
    parser.add_argument("--seed", type=int, default=0, help="of the sample and of the changes")
    parser.add_argument("--survivors", action="store_true", help="try those that survived again")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so many")
    parser.add_argument("--results", type=Path, default=Path("mutants.jsonl"))
    given = parser.parse_args()
    for library in LIBRARIES:
        importlib.import_module(library)
    end, results = time.monotonic() + given.seconds, Results(given.results)
    for package in given.packages or PACKAGES:
        try_package(package, given, results, end)


def try_package(package: str, given: argparse.Namespace, results: Results, end: float) -> None:
    """Try the mutants of a package that have no outcome, and print how many were killed."""
    everywhere = [one for module in modules(package) for one in mutants_of(module, given.seed)]
    shuffled = random.Random(given.seed).sample(everywhere, len(everywhere))
    chosen = shuffled[: given.sample]  # a larger sample contains a smaller one
    known = results.read()
    again = {Outcome.SURVIVED} if given.survivors else set()
    waiting = [one for one in chosen if known.get(key(one)) in {None, *again}]
    if waiting and time.monotonic() < end:
        check_unchanged(package, results)
    for mutant in waiting:
        if time.monotonic() > end:
            break
        found = outcome(mutant, tests_of(package, mutant.module), SECONDS)
        results.add(key(mutant), found, mutant.shown())
    report(package, chosen, len(everywhere), results.read())


def check_unchanged(package: str, results: Results) -> None:
    """Exit unless the tests pass on the unchanged source, as they did or do now."""
    tests = sorted({test for module in modules(package) for test in tests_of(package, module)})
    files = [*modules(package), *map(Path, tests)]
    version = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:8]
    name = f"{package} unchanged {version}"
    if name not in results.read():
        results.add(name, outcome(None, tests, 10 * SECONDS), "")
    if results.read()[name] != Outcome.SURVIVED:
        sys.exit(f"{package}: the tests fail on the unchanged source")


def report(package: str, chosen: list[Mutant], n_places: int, known: dict[str, str]) -> None:
    tried = [one for one in chosen if key(one) in known]
    counts = Counter(known[key(one)] for one in tried)
    killed = counts[Outcome.KILLED] + counts[Outcome.TIMED_OUT]
    share = f" ({killed / len(tried):.1%})" if tried else ""
    print(f"{package}: {killed} of {len(tried)} killed{share}; {n_places} places", flush=True)
    for mutant in tried:
        if known[key(mutant)] == Outcome.SURVIVED:
            print(f"    {key(mutant)}\n        {mutant.shown()}")


if __name__ == "__main__":
    os.environ |= dict.fromkeys(
        ("NUMBA_DISABLE_JIT", "OMP_NUM_THREADS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"), "1"
    )
    os.environ["MPLBACKEND"] = "agg"
    main()
