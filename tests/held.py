"""The program, held for ever while it writes its n-th checkpoint: ``python -m tests.held N ARGS``.

Half of the checkpoint lies on the disk then, under its temporary name, and one line is printed.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from spikeoff import files
from spikeoff.cli import main

LINE = "held"


def hold_at(number: int) -> None:
    """Let the process stop at its ``number``-th checkpoint, before the file is whole."""
    whole, seen = files._sync, [0]

    def sync(path: Path) -> None:
        seen[0] += path.is_file()  # not the folder, which is synchronised too
        if seen[0] == number:
            os.truncate(path, path.stat().st_size // 2)
            print(LINE, flush=True)
            while True:
                time.sleep(3600)
        whole(path)

    files._sync = sync


if __name__ == "__main__":
    hold_at(int(sys.argv[1]))
    main(sys.argv[2:])
