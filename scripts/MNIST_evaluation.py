"""Evaluate the Diehl & Cook network: ``spikeoff evaluate`` under the seed's name and paths."""

import sys
from pathlib import Path

from spikeoff.cli import main

if __name__ == "__main__":
    flags = sys.argv[1:]
    named = {flag.partition("=")[0].lstrip("-").replace("-", "_") for flag in flags}
    if "mnist_path" not in named and Path("mnist").is_dir():
        flags = [*flags, "--mnist_path", "mnist"]
    main(["evaluate", *flags])
