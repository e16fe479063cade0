"""Worker processes do not run the program that started them again."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from spikeoff.experiments.spawning import start

UNGUARDED = """
import multiprocessing, sys
from spikeoff.experiments.spawning import start
context = multiprocessing.get_context("spawn")
process = context.Process(target=print, args=("from the child",), kwargs={"flush": True})
start(process)
process.join()
sys.exit(process.exitcode)
"""


@pytest.mark.parametrize("how", ["standard input", "a script"])
def test_a_program_without_a_guard_may_start_processes(how: str, tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED)
    called, given = (["-"], UNGUARDED) if how == "standard input" else ([str(script)], "")
    done = subprocess.run(
        [sys.executable, *called], input=given, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "from the child\n"), done.stderr


def test_the_program_is_itself_afterwards() -> None:
    before = sys.modules["__main__"]
    process = multiprocessing.get_context("spawn").Process(target=int)
    start(process)
    process.join()
    assert sys.modules["__main__"] is before
