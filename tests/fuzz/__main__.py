"""Coverage-guided fuzzing of one reader: ``python -m tests.fuzz READER --cases 100000``.

Needs the extra ``fuzz`` (atheris). A crash, a hang, an exception other than the one-line refusal,
or anything that no reader may do ends it with the case on the disk.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["spikeoff.data", "spikeoff.run", "spikeoff.files", "spikeoff.ledger",
             "spikeoff.run", "spikeoff.contenders.field_checks", "spikeoff.experiments.campaign",
             "zipfile", "tomllib", "json", "pickletools", "gzip", "numpy.lib"]
):  # fmt: skip
    from spikeoff import files
    from spikeoff.data import npz
    from tests.fuzz.readers import CORPUS, READERS, examine

HANG_S = 20
BOUND_MIB = 64


def main() -> None:
    """Fuzz in a process of its own, which libFuzzer ends without ceremony, and clear up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--within", type=Path, help="folder for the files; made by default")
    given = parser.parse_args()
    if given.within is not None:
        fuzz(given.reader, given.cases, given.seed, given.within)
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        call = [sys.executable, "-m", "tests.fuzz", *sys.argv[1:], "--within", folder]
        sys.exit(subprocess.run(call, check=False).returncode)


def fuzz(reader: str, cases: int, seed: int, folder: Path) -> None:
    """Fuzz one reader; does not return."""
    for module in (files, npz):
        setattr(module, "MAX_BYTES", BOUND_MIB << 20)
    (folder / "found").mkdir()
    for path in sorted((CORPUS / reader).iterdir()):
        READERS[reader](folder, path.read_bytes())  # imports what is imported at first use
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{reader}: peak memory before the first case {before / 1024:.0f} MiB", flush=True)

    def one(data: bytes) -> None:
        examine(reader, folder, data)

    atheris.Setup(
        [
            sys.argv[0], f"-runs={cases}", f"-seed={seed}", f"-timeout={HANG_S}",
            "-rss_limit_mb=2048", "-max_len=4096", "-len_control=0", "-print_final_stats=1",
            "-artifact_prefix=fuzz-", str(folder / "found"), str(CORPUS / reader),
        ],
        one,
    )  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
