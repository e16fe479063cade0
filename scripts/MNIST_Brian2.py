"""Train the Diehl & Cook network: ``spikeoff train diehl-cook`` under the seed's name and paths."""

import sys
from pathlib import Path

from spikeoff.cli import main

PATHS = {"mnist_path": Path("mnist"), "data_path": Path("random"), "save_path": Path("results")}


def with_seeds_paths(flags: list[str]) -> list[str]:
    """The flags, with the seed's folders where none are named (the data's only if it is there)."""
    named = {flag.partition("=")[0].lstrip("-").replace("-", "_") for flag in flags}
    for name, path in PATHS.items():
        if name not in named and (name != "mnist_path" or path.is_dir()):
            flags = [*flags, f"--{name}", str(path)]
    return flags


if __name__ == "__main__":
    main(["train", "diehl-cook", *with_seeds_paths(sys.argv[1:])])
