"""Processes of our own share nothing with the program that started them, and start quickly."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spikeoff.experiments import spawning
from spikeoff.experiments.spawning import start_process

UNGUARDED = """
import os
import sys
from spikeoff.experiments.spawning import start_process
write = (1, b"from a child\\n")  # at once: print may write text and end one after the other
processes = [start_process(os.write, write) for _ in range(2)]
for process in processes:
    process.join()
sys.exit(sum(process.exitcode for process in processes))
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["standard input", "a script"])
def test_a_program_without_a_guard_may_start_processes(how: str, tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED)
    called, given = (["-"], UNGUARDED) if how == "standard input" else ([str(script)], "")
    done = subprocess.run(
        [sys.executable, *called], input=given, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "from a child\n" * 2), done.stderr


@pytest.mark.slow
def test_the_program_is_itself_afterwards() -> None:
    before = sys.modules["__main__"]
    start_process(int, ()).join()
    assert sys.modules["__main__"] is before


def _environment(end: Connection) -> None:
    end.send(dict(os.environ))


def environment_of_a_process() -> dict[str, str]:
    end, theirs = multiprocessing.Pipe(duplex=False)
    process = start_process(_environment, (theirs,))
    theirs.close()
    content: dict[str, str] = end.recv()
    process.join()
    assert process.exitcode == 0
    return content


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "ANOTHER"])
def test_a_process_has_the_environment_of_the_program(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in ("1", "2"):
        monkeypatch.setenv(name, value)
        assert environment_of_a_process() == dict(os.environ)
    monkeypatch.delenv(name)
    assert environment_of_a_process() == dict(os.environ)


LOOKING = """
import os
from spikeoff.experiments.spawning import start_process
look = "import sys; print(*(one in sys.modules for one in ('torch', 'numba', 'spikeoff.data')))"
for threads in ("2", "2", "1"):
    os.environ["OMP_NUM_THREADS"] = threads
    start_process(exec, (look,)).join()
"""


@pytest.mark.slow
@pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="needs fork"
)
def test_libraries_are_there_already_unless_their_variables_have_changed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOKING], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [*["True True False"] * 2, "False False False"]


INTERRUPTED = """
from spikeoff.experiments import spawning
spawning.LIBRARIES = ("interrupting",)
look = "import sys; print('interrupting' in sys.modules)"
spawning.start_process(exec, (look,)).join()
"""


@pytest.mark.slow
@pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="needs fork"
)
def test_an_interrupt_while_libraries_are_imported_leaves_no_traceback(tmp_path: Path) -> None:
    """A terminal sends it to the process that imports them too."""
    module = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / "interrupting.py").write_text(module)
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_an_interrupt_does_not_leave_a_process_half_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The program would not know of it then. Any thread may receive the signal."""
    begun, started = threading.Event(), []

    def interrupt() -> None:
        begun.wait()
        signal.raise_signal(signal.SIGINT)

    # Another test's Brian2 may have left a handler of its own.
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=interrupt)
    thread.start()

    class Starting:
        def __init__(self, **arguments: Any) -> None:
            del arguments

        def start(self) -> None:
            begun.set()
            thread.join()
            started.append(self)

    monkeypatch.setattr(spawning, "_context", lambda: SimpleNamespace(Process=Starting))
    with pytest.raises(KeyboardInterrupt):
        start_process(int, ())
    signal.signal(signal.SIGINT, former)
    assert started
