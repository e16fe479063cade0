"""Coverage-guided fuzzing of one reader: ``python -m tests.fuzz READER --cases 100000``.

Needs the extra ``fuzz`` (atheris). A crash, a hang, an exception other than the one-line refusal,
or anything that no reader may do ends it with the case on the disk.
"""

from __future__ import annotations

import argparse
import atexit
import resource
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["spikeoff.data", "spikeoff.runs", "spikeoff.files", "spikeoff.ledger",
             "spikeoff.training", "spikeoff.contenders.fields", "spikeoff.campaign",
             "zipfile", "tomllib", "json", "pickletools", "gzip", "numpy.lib"]
):  # fmt: skip
    from spikeoff import files
    from spikeoff.data import npz
    from tests.fuzz.readers import CORPUS, READERS, examine

HANG_S = 20
BOUND_MIB = 64


def main() -> None:
    """Fuzz; libFuzzer ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for module in (files, npz):
        setattr(module, "MAX_BYTES", BOUND_MIB << 20)
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    (folder / "found").mkdir()
    seeds = sorted((CORPUS / given.reader).iterdir())
    for path in seeds:
        READERS[given.reader](
            folder, path.read_bytes()
        )  # imports what is imported when it is first used
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def one(data: bytes) -> None:
        examine(given.reader, folder, data)

    def done() -> None:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"{given.reader}: {given.cases} cases, peak memory grew by {grown / 1024:.0f} MiB")
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(done)
    atheris.Setup(
        [
            sys.argv[0], f"-runs={given.cases}", f"-seed={given.seed}", f"-timeout={HANG_S}",
            "-rss_limit_mb=2048", "-max_len=4096", "-len_control=0", "-print_final_stats=1",
            "-artifact_prefix=fuzz-", str(folder / "found"), str(CORPUS / given.reader),
        ],
        one,
    )  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
