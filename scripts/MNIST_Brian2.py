"""Train the Diehl & Cook network: ``spikeoff train diehl-cook`` with the seed's defaults."""

import sys
from pathlib import Path

from spikeoff.cli import main

PATHS = {"mnist_path": Path("mnist"), "data_path": Path("random"), "save_path": Path("results")}
NUM_EXAMPLES = 60_000


def with_seeds_defaults(flags: list[str]) -> list[str]:
    """The flags, with the seed's folders (the data's only if it is there) and number of images."""
    named = {flag.partition("=")[0].lstrip("-").replace("-", "_") for flag in flags}
    if "resume" in named:
        return flags
    added = []
    for name, path in PATHS.items():
        if name in named or (name == "mnist_path" and not path.is_dir()):
            continue
        if "test_mode" in named and (
            (name == "save_path" and "data_path" in named)  # not what an earlier run left there
            or (name == "data_path" and (PATHS["save_path"] / "XeAe.npy").is_file())
        ):
            continue
        added += [f"--{name}", str(path)]
    if not named & {"num_examples", "epochs", "n_train", "test_mode"}:
        added += ["--num_examples", str(NUM_EXAMPLES)]
    return [*flags, *added]


if __name__ == "__main__":
    main(["train", "diehl-cook", *with_seeds_defaults(sys.argv[1:])])
