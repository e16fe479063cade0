"""A command from its arguments to its exit status."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Sequence
from typing import NoReturn

from spikeoff.cli.verbs import dispatch
from spikeoff.errors import UserError
from spikeoff.run.signals import Interrupted, interrupts_noted

OUTPUT_LOST = 1
USAGE_ERROR = 2
SIGNALLED = 128
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status."""
    from spikeoff.console import lasting_output, spell_what_is_missing

    given = list(sys.argv[1:] if arguments is None else arguments)
    spell_what_is_missing()
    # Figures go to files. A notebook exports a backend that this environment may not have.
    os.environ["MPLBACKEND"] = "agg"
    with lasting_output():
        status = _status(given)
    lost = _let_go_of_output()
    sys.exit(status or lost)


def _status(given: list[str]) -> int | str | None:
    """Run the verb; what ``sys.exit`` takes."""
    with interrupts_noted() as interrupts:
        try:
            _check_names([*given, _working_folder()])
            return dispatch(given)
        except KeyboardInterrupt as stop:
            return _interrupted(stop)
        except SystemExit as end:  # of the parser of flags: after help, or a complaint
            return end.code
        except Exception as error:
            if interrupts:  # an import that was interrupted ends in any way
                return _interrupted(KeyboardInterrupt())
            if not isinstance(error, UserError):
                raise
            _tell(f"spikeoff: {error}")
            return USAGE_ERROR


def _check_names(names: Sequence[str]) -> None:
    """Refuse names that no JSON file can hold.

    Raises:
        UserError: one is not UTF-8.
    """
    for name in names:
        shown = name.encode("utf-8", "backslashreplace").decode()
        if shown != name:
            raise UserError(
                f"{shown}: must be a name in UTF-8; rename the file or folder, or set PYTHONUTF8=1 "
                "if this system's names are in UTF-8"
            )


def _working_folder() -> str:
    with contextlib.suppress(OSError):  # removed meanwhile
        return os.getcwd()  # noqa: PTH109 (its bytes, not a path)
    return ""


def _interrupted(stop: KeyboardInterrupt) -> int:
    """Tell how to go on, where a run was begun; 130 for SIGINT, 143 for SIGTERM."""
    if not isinstance(stop, Interrupted):
        _tell("spikeoff: interrupted")
        return INTERRUPTED
    if stop.command is not None:
        _tell(f"spikeoff: interrupted; go on with: {stop.command}")
    elif stop.folder is None:
        _tell("spikeoff: interrupted; nothing was begun")
    else:
        verbs = {"race.json": "compare", "search.json": "search"}
        holds = (verb for file, verb in verbs.items() if (stop.folder / file).is_file())
        verb = next(holds, "train")
        _tell(f"spikeoff: interrupted; go on with: spikeoff {verb} --resume "
              f"{shlex.quote(str(stop.folder))}")  # fmt: skip
    return SIGNALLED + stop.signum


def _tell(line: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody may be there to read it
        print(line, file=sys.stderr, flush=True)  # noqa: T201


def _let_go_of_output() -> int:
    """Write what the outputs still hold; the status to exit with where output was lost.

    A reader that has left before is no failure, and no reason for a complaint.
    """
    from spikeoff.console import lost_output, write_out

    for stream in (sys.stdout, sys.stderr):
        write_out(stream)
    if not lost_output:
        return 0
    _tell(f"spikeoff: output cannot be written: {lost_output[0].strerror or lost_output[0]}")
    return OUTPUT_LOST
