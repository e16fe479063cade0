"""All tables of docs/performance.md, measured anew on this machine and written into it.

Run: python benchmarks/performance.py
"""

from __future__ import annotations

from pathlib import Path

import ceilings
import epochs
import floors
import growth
import peers

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def main() -> None:
    """One table after the other."""
    for part in (peers, epochs, ceilings, floors, growth):
        part.main(["--into", str(PAGE)])


if __name__ == "__main__":
    main()
