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

USAGE_ERROR = 2
SIGNALLED = 128
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = dispatch(given)
    except UserError as error:
        _tell(f"spikeoff: {error}")
        status = USAGE_ERROR
    except KeyboardInterrupt as stop:
        status = _interrupted(stop)
    _let_go_of_output()
    sys.exit(status)


def _interrupted(stop: KeyboardInterrupt) -> int:
    """Tell how to go on, where a run was begun; 130 for SIGINT, 143 for SIGTERM."""
    from spikeoff.run.signals import Interrupted

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


def _let_go_of_output() -> None:
    """Leave without a complaint where the reader of the output has left before."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
